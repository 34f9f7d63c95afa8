import subprocess
import sys

import pytest
from mmgen_plugin_vae.config import HierarchicalVaeConfig
from mmgen_plugin_vae.plugin import mmgen_families

from mmgen.errors import OptionError
from mmgen.families import load_reference
from mmgen.interfaces import Generator, Trainer


def test_registration_imports_no_torch():
    code = """
import sys, mmgen_plugin_vae.plugin
mmgen_plugin_vae.plugin.mmgen_families()
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_references_lead_to_networks_and_trainers():
    (family,) = mmgen_families()
    assert family.name == "vae"
    for architecture in family.architectures:
        network = load_reference(architecture.network)
        assert issubclass(network, Generator)
        assert network.generation is architecture.generation
        assert issubclass(load_reference(architecture.trainer), Trainer)
        architecture.config()  # every option has a default


@pytest.mark.parametrize(
    ("config", "rule"),
    [
        ({"widths": (4, 8)}, "one item per size"),
        (
            {"widths": (4,), "latents": (0,), "latent_channels": (0,), "dense_latents": 0},
            "needs a latent layer",
        ),
        ({"widths": (4,), "latents": (1,), "latent_channels": (0,)}, "latent_channels"),
    ],
)
def test_impossible_ladders_are_refused(config, rule):
    with pytest.raises(OptionError, match=rule):
        HierarchicalVaeConfig(**config)
