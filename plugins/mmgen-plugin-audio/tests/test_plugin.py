"""What the distribution registers."""

import subprocess
import sys

from mmgen_plugin_audio.plugin import mmgen_families

from mmgen.families import load_reference
from mmgen.interfaces import Encoder


def test_registration_imports_no_torch():
    code = """
import sys, mmgen_plugin_audio.plugin
mmgen_plugin_audio.plugin.mmgen_families()
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_references_lead_to_an_encoder_of_sound():
    (family,) = mmgen_families()
    assert family.name == "audio"
    for architecture in family.architectures:
        network = load_reference(architecture.network)
        assert issubclass(network, Encoder)
        assert network.modality == "audio"
