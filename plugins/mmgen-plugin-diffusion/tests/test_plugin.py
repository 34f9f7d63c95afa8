"""What the distribution registers."""

import subprocess
import sys

from mmgen_plugin_diffusion.plugin import mmgen_families

from mmgen.families import load_reference
from mmgen.interfaces import Generator, Trainer


def test_registration_imports_no_torch():
    code = """
import sys, mmgen_plugin_diffusion.plugin
mmgen_plugin_diffusion.plugin.mmgen_families()
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_references_lead_to_networks_and_trainers():
    (family,) = mmgen_families()
    assert family.name == "diffusion"
    for architecture in family.architectures:
        network = load_reference(architecture.network)
        assert issubclass(network, Generator)
        assert network.generation is architecture.generation
        assert issubclass(load_reference(architecture.trainer), Trainer)
        architecture.config()  # every option has a default
