"""Which bundled folder goes when a model moves to the Hub."""

from pathlib import Path

import pytest
from publishing.test_entry import ENTRY

from mmgen.catalogue_index import write_toml
from mmgen.errors import MmgenWarning
from mmgen.publishing import move as moves
from mmgen.publishing.move import Move, find_unused, make_move


def registry(package: Path, **folders: str) -> Path:
    """Write a plugin's registry.toml, whose models have folders in its package."""
    bundled = {key: value for key, value in ENTRY.items() if key not in ("repo", "revision")}
    models = [{**bundled, "name": name, "folder": path} for name, path in folders.items()]
    path = package / "registry.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(write_toml({"schema": 1, "plugin": "p", "models": models}))
    return path


def test_the_folder_of_the_entry_and_one_that_was_left(tmp_path: Path) -> None:
    path = registry(tmp_path / "package", a="weights/of-a", b="models/b")
    for name in ("weights/of-a", "models/b", "models/left"):
        (tmp_path / "package" / name).mkdir(parents=True)
    assert find_unused(path, "a") == tmp_path / "package" / "weights" / "of-a"
    assert find_unused(path, "left") == tmp_path / "package" / "models" / "left"
    assert find_unused(path, "new") is None


def test_what_others_use_or_lies_elsewhere_stays(tmp_path: Path) -> None:
    path = registry(
        tmp_path / "package",
        a="models/shared",
        b="models/shared",
        c="models",
        d="../outside",
        e=".",
    )
    (tmp_path / "outside").mkdir()
    (tmp_path / "package" / "models" / "shared").mkdir(parents=True)
    for name in "abcde":
        assert find_unused(path, name) is None, name


def test_a_folder_that_cannot_be_removed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = registry(tmp_path / "package", b="models/b")
    monkeypatch.setattr(moves, "rebuild", lambda: None)
    move = Move(entered=path, rebuilt=None, removed=tmp_path / "package" / "nowhere")
    with pytest.warns(MmgenWarning, match="could not be removed .* it stays in the plugin"):
        make_move(move, ENTRY)
    assert "org/b" in path.read_text()
