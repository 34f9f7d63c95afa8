"""What is published names files and folders of this machine, and does not say where they lie."""

from pathlib import Path

import pytest

from mmgen.local_paths import own_name, without_paths


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder one works in, with a run, data and a file."""
    (tmp_path / "runs/ladder/model").mkdir(parents=True)
    (tmp_path / "data/spoken-digits").mkdir(parents=True)
    (tmp_path / "captions.toml").write_text("")
    (tmp_path / "model").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("runs/ladder", "ladder"),
        ("runs/ladder/", "ladder"),
        ("runs/ladder/model", "ladder"),
        ("./data/spoken-digits", "spoken-digits"),
        ("data/../data/spoken-digits", "spoken-digits"),
        ("~/data/spoken-digits", "spoken-digits"),
        ("./captions.toml", "captions.toml"),
        ("runs/ladder/model/..", "ladder"),
    ],
)
def test_files_and_folders_go_by_their_own_names_models_by_their_runs(
    here: Path, path: str, name: str
) -> None:
    assert own_name(path) == name
    assert own_name(here / path if path[0] != "~" else Path(path)) == name


def test_the_folder_one_works_in_has_a_name(here: Path) -> None:
    assert own_name(".") == here.name
    assert own_name("runs/..") == here.name


def test_one_above_has_a_name(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(here / "runs")
    assert own_name("..") == here.name


@pytest.mark.parametrize(
    "text",
    ["", "model", "captions.toml", "ylecun/mnist", "T-shirt/top", "~nobody-of-that-name/x", "a\0/b",
     "a/" * 9999],
)  # fmt: skip
def test_what_leads_nowhere_or_is_a_mere_name_stays(here: Path, text: str) -> None:
    assert own_name(text) == text


def test_settings_are_cleared_in_tables_of_any_depth(here: Path) -> None:
    settings = {
        "data": {"sounds": "data/spoken-digits", "base": "./data", "size": (28,), "stack": 1},
        "conditions": {"text": {"model": "runs/ladder/model", "tuned": False}},
        "from": None,
    }
    assert without_paths(settings) == {
        "data": {"sounds": "spoken-digits", "base": "data", "size": (28,), "stack": 1},
        "conditions": {"text": {"model": "ladder", "tuned": False}},
        "from": None,
    }
