"""`import mmgen` is light, and gives every public name when it is first used."""

import json
import subprocess
import sys

import pytest

import mmgen

HEAVY = ("torch", "numpy", "rich", "huggingface_hub", "PIL", "safetensors", "click", "datasets")

LISTING = """
from mmgen.catalogue import list_models, weights_present
from mmgen.options import describe
from mmgen.plugins import manager
for plugin in manager().plugins:
    for family in plugin.families:
        for found in family.architectures:
            for options in (found.config, found.generation, found.training):
                options and describe(options)
for entry in list_models():
    weights_present(entry)
"""


def imported_by(code: str) -> set[str]:
    """Return which heavy packages a fresh process has after running the code."""
    report = f"import json, sys; print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout))


def test_importing_mmgen_imports_nothing_heavy() -> None:
    assert imported_by("import mmgen; dir(mmgen)") == set()


def test_listing_models_with_every_plugin_imports_nothing_heavy() -> None:
    assert imported_by(LISTING) == set()


def test_the_light_public_names_import_nothing_heavy() -> None:
    names = "Architecture Family Options option Size Slot hookimpl errors MmgenError list_models"
    assert imported_by(f"from mmgen import {', '.join(names.split())}") == set()


@pytest.mark.parametrize("name", [name for name in mmgen.__all__ if name != "__version__"])
def test_every_public_name_is_there(name: str) -> None:
    value = getattr(mmgen, name)
    assert value is not None
    assert getattr(mmgen, name) is value
    assert name in dir(mmgen)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'from_pretraind'"):
        _ = mmgen.from_pretraind  # type: ignore[attr-defined]
