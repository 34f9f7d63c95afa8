"""Checks of registration find what they are there to find."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mmgen.options import Options, option
from mmgen.testing import ContractError, GeneratorCase
from mmgen.testing.registering import check_options_are_documented, check_registration_is_light
from mmgen.testing.tiny.network import TinyNet

PLUGIN = """
{imports}
from mmgen.testing.tiny.plugin import architecture
from mmgen.families import Family
from mmgen.hookspecs import hookimpl

MMGEN_API = 1

@hookimpl
def mmgen_families():
    net = architecture("heavy-net", "heavy_plugin:Net")
    return [Family(name="heavy", summary="", architectures=(net,))]
"""


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, imports: str) -> GeneratorCase:
    """Install a plugin for fresh processes."""
    (folder / "heavy_plugin.py").write_text(PLUGIN.format(imports=imports))
    metadata = folder / "mmgen_plugin_heavy-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: mmgen-plugin-heavy\n\n")
    (metadata / "entry_points.txt").write_text("[mmgen]\nheavy = heavy_plugin\n")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return GeneratorCase(architecture="heavy-net", config={}, colour="", non_square="", large="")


def test_a_plugin_that_imports_something_heavy_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ContractError, match="imports PIL, numpy"):
        check_registration_is_light(install(tmp_path, monkeypatch, "import numpy, PIL"))


def test_a_plugin_that_is_light_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_registration_is_light(install(tmp_path, monkeypatch, ""))


def test_a_plugin_that_is_not_installed_is_found(broken: Any) -> None:
    with pytest.raises(ContractError, match=r"fresh process.*unknown architecture"):
        check_registration_is_light(broken())


@dataclass(frozen=True, kw_only=True)
class WithoutHelp(Options):
    """An option that nobody explains."""

    temperature: float = option(1.0, help=" ")


class OtherGeneration(TinyNet):
    generation = Options


@pytest.mark.parametrize(
    ("network", "registered", "words"),
    [
        (TinyNet, {"training": WithoutHelp}, "'temperature' must have a help text"),
        (OtherGeneration, {}, "options of generate must be registered"),
        (TinyNet, {"kind": "encoder"}, "kind must be 'generator'"),
        (TinyNet, {"summary": ""}, "summary"),
        (TinyNet, {"tasks": ()}, "tasks"),
    ],
)
def test_registrations_that_tell_too_little_are_found(
    broken: Any, network: type, registered: dict[str, Any], words: str
) -> None:
    with pytest.raises(ContractError, match=words):
        check_options_are_documented(broken(network, registered=registered))
