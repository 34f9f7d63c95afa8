"""What the distribution registers."""

import subprocess
import sys

from mmgen_plugin_scenes.plugin import mmgen_datasets, mmgen_families, mmgen_metrics

from mmgen.families import load_reference
from mmgen.interfaces import Encoder, Trainer


def test_registration_imports_no_torch():
    code = """
import sys, mmgen_plugin_scenes.plugin as plugin
plugin.mmgen_families(), plugin.mmgen_datasets(), plugin.mmgen_metrics()
assert not {"torch", "numpy"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_references_lead_to_networks_and_functions():
    ((reader,),) = (family.architectures for family in mmgen_families())
    assert issubclass(load_reference(reader.network), Encoder)
    assert issubclass(load_reference(reader.trainer), Trainer)
    for item in mmgen_metrics():
        assert callable(load_reference(item.function))
    assert callable(load_reference(mmgen_datasets()[0].loader))
