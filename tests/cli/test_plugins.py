"""`mmgen plugins`."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mmgen.cli import installer
from mmgen.families import API_VERSION
from mmgen.plugins import Plugin, manager

Run = Callable[..., Any]


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What would have been run as the installer, in place of running it."""
    seen: list[list[str]] = []

    class Done:
        returncode = 0

    def pretend(command: list[str], **_: Any) -> Done:
        seen.append(command)
        return Done()

    monkeypatch.setattr("subprocess.run", pretend)
    return seen


def test_installed_and_missing_plugins_are_rows(run: Run, index: Callable[[str], None]) -> None:
    index("mmgen-plugin-gan")
    rows = {row["distribution"]: row for row in json.loads(run("plugins", "--json").out)}
    assert (rows["tiny-zoo"]["status"], rows["tiny-zoo"]["models"]) == ("ok", ["tiny-pets"])
    assert rows["mmgen-plugin-gan"]["status"] == "not installed: pip install mmgen-plugin-gan"
    assert run("plugins").out == run("plugins", "list").out


def test_a_broken_plugin_says_why(run: Run) -> None:
    manager().add(Plugin("odd", "odd-plugin", "1.0", broken="import failed"))
    assert "broken: import failed" in run("plugins").out


@pytest.mark.parametrize("name", ["gan", "gan-faces", "mmgen-plugin-gan"])
def test_install_takes_names_of_the_index(
    run: Run, index: Callable[[str], None], commands: list[list[str]], name: str
) -> None:
    index("mmgen-plugin-gan")
    assert run("plugins", "install", name).out == "mmgen-plugin-gan\n"
    (command,) = commands
    assert command[0] == sys.executable
    assert command[-2:] == ["install", "mmgen-plugin-gan"]


@pytest.mark.parametrize("name", ["requests", "git+https://example.org/x", "-r", "mmgen-plugin-x"])
def test_nothing_else_is_ever_installed(
    run: Run, index: Callable[[str], None], commands: list[list[str]], name: str
) -> None:
    index("mmgen-plugin-gan")
    result = run("plugins", "install", "--", name)
    assert (result.code, commands) == (1, [])
    assert "is not in the zoo's index" in result.err


def test_uninstall_asks_first(
    run: Run, commands: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert run("plugins", "uninstall", "tiny").code == 130  # nobody answers
    assert commands == []
    assert run("plugins", "uninstall", "tiny", "--yes").out == "tiny-zoo\n"
    assert commands[0][-3:] == ["uninstall", "--yes", "tiny-zoo"]


@pytest.mark.parametrize("name", ["core", "mmgen-core", "torch"])
def test_only_plugins_are_removed(run: Run, commands: list[list[str]], name: str) -> None:
    result = run("plugins", "uninstall", name, "--yes")
    assert (result.code, commands) == (1, [])


def test_a_failed_installer_is_a_failure(
    run: Run, index: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    index("mmgen-plugin-gan")
    fails = [sys.executable, "-c", "raise SystemExit(3)"]
    monkeypatch.setattr(installer, "installer_command", lambda action: fails)
    result = run("plugins", "install", "gan")
    assert result.code == 1
    assert "the installer failed with exit code 3" in result.err


def test_uv_installs_where_there_is_no_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installer, "find_spec", lambda name: None)
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    expected = ["/bin/uv", "pip", "install", "--python", sys.executable]
    assert installer.installer_command("install") == expected


def test_a_new_plugin_is_written_into_a_folder_of_its_name(run: Run) -> None:
    result = run("plugins", "new", "swirl")
    assert "mmgen-plugin-swirl/mmgen_plugin_swirl/network.py" in result.out.split()
    assert 'next: cd mmgen-plugin-swirl && pip install -e ".[test]" && pytest' in result.err
    assert "mmgen plugins check swirl" in result.err
    assert "mmgen train swirl --data DATA" in result.err
    facts = json.loads(run("plugins", "new", "curl", "--minimal", "-o", "x", "--json").out)
    assert facts["folder"] == "x"
    assert sorted(facts["files"]) == sorted(
        str(path) for path in Path("x").rglob("*") if path.is_file()
    )


@pytest.mark.parametrize(
    ("kind", "file", "first"),
    [
        ("encoder", "trainer.py", "mmgen train swirl --data DATA"),
        ("metric", "metric.py", "mmgen evaluate MODEL --data DATA --metric swirl"),
        ("dataset", "dataset.py", "mmgen data check swirl"),
    ],
)
def test_a_new_plugin_is_of_the_kind_that_is_asked_for(
    run: Run, kind: str, file: str, first: str
) -> None:
    result = run("plugins", "new", "swirl", "--kind", kind)
    assert f"mmgen-plugin-swirl/mmgen_plugin_swirl/{file}" in result.out.split()
    assert first in result.err


def test_minimal_is_of_generators_alone(run: Run) -> None:
    result = run("plugins", "new", "swirl", "--kind", "metric", "--minimal")
    assert (result.code, result.out) == (2, "")
    assert "--minimal is of generators; got --kind metric" in result.err
    assert [*Path().iterdir()] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("fid", "--kind", "metric"), "'fid' is a metric of the zoo already"),
        (("tiny", "--kind", "encoder"), "'tiny' is a family of the zoo already"),
        (("tiny",), "is a family of the zoo already"),
        (("tiny", "--kind", "metric"), "'tiny' is a family of the zoo already"),
        (("tiny", "--kind", "dataset"), "'tiny' is a family of the zoo already"),
        (("Swirl",), "small letters, digits and single hyphens"),
        (("swirl", "-o", "taken"), "exists; choose another folder"),
    ],
)
def test_what_cannot_be_a_new_plugin_is_refused(
    run: Run, arguments: tuple[str, ...], words: str
) -> None:
    Path("taken").mkdir()
    Path("taken/file").write_text("")
    result = run("plugins", "new", *arguments)
    assert (result.code, result.out) == (1, "")
    assert words in result.err
    assert [path.name for path in Path().iterdir()] == ["taken"]


def test_a_new_plugin_takes_no_place_of_an_installed_one(run: Run) -> None:
    module = ModuleType("ears")
    module.MMGEN_API = API_VERSION  # type: ignore[attr-defined]
    manager().add(Plugin("ears", "mmgen-plugin-ears", "1.0", module))
    result = run("plugins", "new", "ears", "--kind", "metric")
    assert (result.code, result.out) == (1, "")
    assert "'ears' is a plugin of the zoo already" in result.err


def test_an_installed_plugin_is_held_to_the_contract(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mmgen.testing import inspection
    from mmgen.testing.drawing import check_pictures

    def check_nothing(case: Any) -> None:
        """It is never kept."""
        raise inspection.ContractError("it is not")

    monkeypatch.setattr(inspection, "GENERATOR_CHECKS", (check_pictures,))
    monkeypatch.setattr(inspection, "ENCODER_CHECKS", ())
    result = run("plugins", "check", "tiny-zoo")
    assert result.code == 0, result.err
    assert "holds" in result.out
    monkeypatch.setattr(inspection, "GENERATOR_CHECKS", (check_pictures, check_nothing))
    result = run("plugins", "check", "tiny-zoo", "--json")
    assert result.code == 1
    findings = json.loads(result.out)["findings"]
    broken = [item for item in findings if item["outcome"] == "broken"]
    assert broken[0]["reason"] == "it is not"


def test_only_a_plugin_that_is_installed_can_be_checked(run: Run) -> None:
    assert "no plugin 'nothing' is installed" in run("plugins", "check", "nothing").err


def test_a_plugin_that_brings_nothing_has_nothing_to_check(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mmgen.testing import inspection

    monkeypatch.setattr(inspection, "inspect_plugin", lambda plugin: [])
    result = run("plugins", "check", "tiny-zoo")
    assert (result.code, result.out) == (0, "")
    assert "there is nothing to check" in result.err


def test_how_a_plugin_stands_is_written_as_a_badge(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mmgen.testing import inspection
    from mmgen.testing.drawing import check_pictures

    monkeypatch.setattr(inspection, "GENERATOR_CHECKS", (check_pictures,))
    result = run("plugins", "check", "tiny-zoo", "--badge", "contract.svg")
    assert result.code == 0, result.err
    held = result.err.strip().splitlines()[-1].removeprefix("mmgen: ")
    assert held in Path("contract.svg").read_text()
    assert "ends in .svg; got 'x.png'" in run("plugins", "check", "tiny", "--badge", "x.png").err
    lost = run("plugins", "check", "tiny", "--badge", "no/folder.svg")
    assert (lost.code, [path.name for path in Path().iterdir()]) == (1, ["contract.svg"])
