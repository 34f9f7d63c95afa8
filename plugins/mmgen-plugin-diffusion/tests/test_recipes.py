"""Every recipe is a run file that builds a small network."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from mmgen_plugin_diffusion.latent import LatentDiffusion
from mmgen_plugin_diffusion.pixel import PixelDiffusion

from mmgen.training.settings import build_settings, option_classes, read_run_file

RECIPES = sorted((Path(__file__).parents[1] / "recipes").glob("diffusion-*.toml"))
FEW_STEPS = RECIPES[0].with_name("few-steps.toml")


def of_data(settings):
    """Return size and channels of the recipe's pictures."""
    if settings.data.size is None:
        return {"channels": 1, "height": 28, "width": 28}
    (side,) = settings.data.size
    return {"channels": 3, "height": side, "width": side}


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_is_valid_and_its_network_small_enough_to_bundle(path):
    config = read_run_file(path)
    settings = build_settings(config["architecture"], config)
    network = LatentDiffusion if settings.architecture == "latent-diffusion" else PixelDiffusion
    cls = option_classes(settings.architecture)["model"]
    with torch.device("meta"):
        model = network(cls.build(of_data(settings) | settings.model))
    assert model.num_parameters < 8e6
    assert settings.training.precision == "bf16"
    rows, columns = model.denoiser.grid
    assert rows * columns <= 64


@pytest.mark.parametrize("pictures", ["flowers", "scenes"])
def test_a_part_that_learns_by_a_recipe_of_its_own_fits(pictures):
    parts = []
    for name in (f"{pictures}-autoencoder", f"diffusion-{pictures}"):
        values = read_run_file(FEW_STEPS.with_name(f"{name}.toml"))
        settings = build_settings(values["architecture"], values)
        cls = option_classes(settings.architecture)["model"]
        built = cls.build(of_data(settings) | settings.model)
        parts.append(getattr(built, "autoencoder", built))
    assert parts[0] == parts[1]


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_what_is_guided_learns_to_go_without(path):
    config = read_run_file(path)
    settings = build_settings(config["architecture"], config)
    assert settings.conditions
    assert settings.conditioner.dropout > 0


def test_smaller_patches_go_on_from_larger_ones():
    first, second = (
        build_settings("latent-diffusion", read_run_file(FEW_STEPS.with_name(f"{name}.toml")))
        for name in ("diffusion-flowers", "flowers-finer")
    )
    cls = option_classes(first.architecture)["model"]
    with torch.device("meta"):
        model = LatentDiffusion(cls.build(of_data(first) | first.model))
        finer = model.reshaped(replace(model.config, **second.model))
    rows, columns = finer.denoiser.grid
    assert rows * columns == 64
    assert not second.conditions
    assert first.trainer.times_mean == second.trainer.times_mean


@pytest.mark.parametrize("architecture", ["latent-diffusion", "pixel-diffusion"])
def test_few_steps_are_learned_from_any_model(architecture):
    settings = build_settings(architecture, read_run_file(FEW_STEPS))
    assert not settings.model
    assert settings.trainer.shortcut > 0
    assert settings.trainer.shortcut_flow == "start"
