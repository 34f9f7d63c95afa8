"""`mmgen doctor`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mmgen.plugins import Plugin, manager

Run = Callable[..., Any]


def test_a_sound_installation(run: Run) -> None:
    result = run("doctor")
    assert (result.code, result.err) == (0, "")
    for word in ("torch", "cpu", "tiny-zoo", "problems", "none"):
        assert word in result.out


def test_json(run: Run) -> None:
    facts = json.loads(run("doctor", "--json").out)
    assert facts["problems"] == []
    assert facts["libraries"]["torch"]
    assert facts["models"] == {"known": 1, "installed": 1}


def test_a_broken_plugin_is_a_problem(run: Run) -> None:
    manager().add(Plugin("odd", "odd-plugin", "1.0", broken="import failed"))
    result = run("doctor")
    assert result.code == 1
    assert "odd-plugin) is broken: import failed" in result.err


def test_a_plugin_with_a_damaged_registry_is_a_problem(run: Run, tmp_path: Path) -> None:
    (tmp_path / "odd.toml").write_text("schema = 9\n")
    manager().plugins[-1].registry = tmp_path / "odd.toml"
    result = run("doctor")
    assert result.code == 1
    assert "tiny-zoo) is broken" in result.err
    assert "tiny-zoo      1.0      broken" in result.out


def test_two_plugins_with_one_model_are_a_problem(run: Run) -> None:
    tiny = manager().plugins[-1]
    manager().add(Plugin("rival", "rival-zoo", "1.0", registry=tiny.registry))
    why = "brought by tiny-zoo and rival-zoo; uninstall one"
    result = run("doctor")
    assert result.code == 1
    assert f"model 'tiny-pets' is {why}" in result.err
    assert run("list").out.count(why) == 2
    assert f"model 'tiny-pets' is {why}" in run("run", "tiny-pets").err


def test_two_distributions_with_one_package_are_a_problem(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "site" / "mmgen-9.9.dist-info"
    info.mkdir(parents=True)
    # From Python 3.12 on files that are recorded and not there are left out.
    (info.parent / "mmgen").mkdir()
    (info.parent / "mmgen" / "__init__.py").touch()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mmgen\nVersion: 9.9\n")
    (info / "RECORD").write_text("mmgen/__init__.py,,\nmmgen-9.9.dist-info/METADATA,,\n")
    monkeypatch.syspath_prepend(str(info.parent))
    result = run("doctor")
    assert result.code == 1
    assert "mmgen and mmgen-core both own the package 'mmgen'" in result.err


def test_the_cache_is_measured(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "blob").write_bytes(bytes(1500))
    (tmp_path / "cache" / "link").symlink_to("blob")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    assert json.loads(run("doctor", "--json").out)["cache"]["bytes"] == 1500
