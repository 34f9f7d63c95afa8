"""What the distribution registers."""

import subprocess
import sys

from mmgen_plugin_text.plugin import mmgen_families

from mmgen.families import load_reference
from mmgen.interfaces import Encoder


def test_registration_imports_no_torch():
    code = """
import sys, mmgen_plugin_text.plugin
mmgen_plugin_text.plugin.mmgen_families()
assert not {"torch", "transformers"} & sys.modules.keys()
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_encoders_need_no_transformers_to_be_known():
    code = """
import sys
sys.modules["transformers"] = None
from mmgen.families import load_reference
from mmgen.plugins import manager
load_reference(manager().architecture("transformers-text")[2].network)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_references_lead_to_encoders_of_text():
    (family,) = mmgen_families()
    assert family.name == "text"
    for architecture in family.architectures:
        network = load_reference(architecture.network)
        assert issubclass(network, Encoder)
        assert network.modality == "text"
