"""A saved model is whole, and quick to load."""

import subprocess
import sys

import torch

from mmgen.pretrained import build


def test_loading_does_not_import_torch_s_compiler(tmp_path):
    """It takes longer than all else until the first picture."""
    config = {"height": 16, "width": 16, "hidden": 8, "depth": 1, "heads": 2}
    build("latent-diffusion", config).save(tmp_path / "model")
    code = f"""
import sys, mmgen
mmgen.from_pretrained({str(tmp_path / "model")!r}).generate(1, seed=0, steps=2)
assert not {{"sympy", "torch._dynamo"}} & sys.modules.keys()
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_places_start_as_rows_and_columns_and_are_learned(build):
    model = build("pixel", perturbed=False)
    assert model.denoiser.places.requires_grad
    assert len(model.denoiser.places.unique(dim=0)) == 16
    assert torch.equal(model.denoiser.places, build("pixel", perturbed=False).denoiser.places)
