"""The index is built from the plugins' registries, and says when it is not current."""

import json
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmgen import catalogue_index
from mmgen.catalogue import index_path, read_registry
from mmgen.catalogue_index import build_index, write_toml
from mmgen.errors import PluginError

ROOT = Path(__file__).parents[1]

MODEL: dict[str, Any] = {
    "name": "vae-mnist",
    "kind": "generator",
    "family": "vae",
    "architecture": "vae",
    "summary": 'digits, "crisp"',
    "tasks": ["unconditional-image-generation"],
    "parameters": 1,
    "bytes": 1,
    "data": "MNIST",
    "licence": {"code": "Apache-2.0"},
    "folder": "models/vae-mnist",
    "files": [{"path": "config.json", "sha256": "a" * 64, "bytes": 1}],
}


def checkout(root: Path, **plugins: dict[str, Any]) -> Path:
    for name, table in plugins.items():
        path = root / "plugins" / f"mmgen-plugin-{name}" / f"mmgen_plugin_{name}" / "registry.toml"
        path.parent.mkdir(parents=True)
        path.write_text(write_toml({"schema": 1, **table}))
    return root


def test_the_index_holds_every_plugins_families_and_models(tmp_path: Path) -> None:
    root = checkout(
        tmp_path,
        gan={"plugin": "mmgen-plugin-gan", "families": [{"name": "gan", "summary": "adversarial"}]},
        vae={"plugin": "mmgen-plugin-vae", "models": [MODEL]},
    )
    path = tmp_path / "registry.toml"
    path.write_text(build_index(root))
    found = read_registry(path)
    assert found.families["gan"]["plugin"] == "mmgen-plugin-gan"
    (entry,) = found.models
    assert (entry.name, entry.plugin) == ("vae-mnist", "mmgen-plugin-vae")
    assert entry.summary == 'digits, "crisp"'
    assert entry.folder is None
    assert entry.files[0].sha256 == "a" * 64


@pytest.mark.parametrize(
    ("plugins", "words"),
    [
        ({"vae": {"models": [{"name": "x"}]}}, "lacks|plugin"),
        ({"vae": {"families": []}}, "must name its distribution"),
        (
            {"vae": {"plugin": "a", "models": [MODEL]}, "gan": {"plugin": "b", "models": [MODEL]}},
            "two plugins bring a model 'vae-mnist'",
        ),
    ],
)
def test_an_index_that_would_not_work_is_not_built(
    tmp_path: Path, plugins: dict[str, dict[str, Any]], words: str
) -> None:
    with pytest.raises(PluginError, match=words):
        build_index(checkout(tmp_path, **plugins))


def test_the_command_writes_the_index_and_notices_when_it_is_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = checkout(tmp_path, vae={"plugin": "mmgen-plugin-vae", "models": [MODEL]})
    path = root / "registry.toml"
    monkeypatch.setattr(catalogue_index, "index_path", lambda: path)

    def run(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["catalogue_index", *arguments])
        return catalogue_index.main()

    assert run("--check") == 1
    assert "is not current; run: python -m mmgen.catalogue_index" in capsys.readouterr().err
    assert run() == 0
    assert run("--check") == 0
    path.write_text(path.read_text() + "# changed\n")
    assert run("--check") == 1


def test_the_command_fails_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = checkout(tmp_path, vae={"families": []})
    monkeypatch.setattr(catalogue_index, "index_path", lambda: root / "registry.toml")
    monkeypatch.setattr(sys, "argv", ["catalogue_index"])
    assert catalogue_index.main() == 1
    assert "must name its distribution" in capsys.readouterr().err


def test_the_index_of_this_checkout_is_current() -> None:
    assert index_path().read_text(encoding="utf-8") == build_index(ROOT)


scalars = (
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x7f"))
    | st.integers(-(2**62), 2**62)
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
)
keys = st.text("abcdefghij_", min_size=1)
rows = st.dictionaries(keys, scalars | st.lists(scalars, max_size=2), min_size=1, max_size=3)


@given(st.dictionaries(keys, scalars | rows | st.lists(rows, min_size=1, max_size=2), max_size=4))
def test_written_toml_reads_back_as_it_was(table: dict[str, Any]) -> None:
    assert tomllib.loads(write_toml(table)) == table


def test_what_plugins_bring_tells_no_paths_of_where_it_was_made() -> None:
    files = sorted(ROOT.glob("plugins/*/mmgen_plugin_*/models/*/training.json"))
    assert files
    for file in files:
        record = json.loads(file.read_text(encoding="utf-8"))
        told = {"from_model": record.get("from_model"), **record["config"]["data"]}
        paths = {
            name: value
            for name, value in told.items()
            if isinstance(value, str) and value.startswith(("/", ".", "~", "runs/"))
        }
        assert not paths, file.parent.name
