"""mmgen.lock: where it is found, what it may say, and how it is written."""

from dataclasses import replace
from pathlib import Path

import pytest

from mmgen.catalogue import FileEntry
from mmgen.errors import LockError, OutputError
from mmgen.hub.lock import Lock, LockedModel, active_lock, lock_to_write, read_lock

FILE = FileEntry(path="label/config.json", sha256="a" * 64, bytes=3)
HUB = LockedModel(
    name="org/name", source="hub", repo="org/name", revision="b" * 40, files=(FILE,), asked="v1"
)
BUNDLED = LockedModel(
    name="vae-mnist", source="package", plugin="mmgen-plugin-vae", revision="0.1", files=(FILE,)
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder inside a repository, with no lock named."""
    monkeypatch.delenv("MMGEN_LOCK", raising=False)
    (tmp_path / "project" / ".git").mkdir(parents=True)
    folder = tmp_path / "project" / "code" / "deep"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


def test_what_is_written_is_read(tmp_path: Path) -> None:
    lock = Lock(tmp_path / "mmgen.lock").having([BUNDLED, HUB])
    lock.write()
    assert read_lock(lock.path) == lock
    assert [model.name for model in lock.models] == ["org/name", "vae-mnist"]
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["mmgen.lock"]


def test_a_model_is_pinned_once(tmp_path: Path) -> None:
    lock = Lock(tmp_path / "mmgen.lock").having([HUB, BUNDLED])
    again = replace(HUB, revision="c" * 40)
    assert lock.having([again]).models == (again, BUNDLED)
    assert lock.without(["org/name"]).models == (BUNDLED,)
    assert lock.only(["org/name"]).models == (HUB,)
    for action in (lock.without, lock.only):
        with pytest.raises(LockError, match="does not pin 'org/other'"):
            action(["org/other"])


def test_the_first_on_the_way_up_to_the_repository_holds(folder: Path) -> None:
    assert active_lock() is None
    Lock(folder.parents[2] / "mmgen.lock").write()  # above the repository
    assert active_lock() is None
    for place in (folder.parents[1], folder.parents[0], folder):
        Lock(place / "mmgen.lock").write()
        lock = active_lock()
        assert lock is not None
        assert lock.path == place / "mmgen.lock"


def test_a_lock_can_be_named_or_switched_off(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Lock(folder / "mmgen.lock").having([HUB]).write()
    named = Lock(tmp_path / "other.lock").having([BUNDLED])
    named.write()
    monkeypatch.setenv("MMGEN_LOCK", str(named.path))
    assert active_lock() == named
    monkeypatch.setenv("MMGEN_LOCK", "")
    assert active_lock() is None
    assert lock_to_write().models == (HUB,)  # switched off, it is still not overwritten
    monkeypatch.setenv("MMGEN_LOCK", "nowhere.lock")
    with pytest.raises(LockError, match=r"MMGEN_LOCK names 'nowhere\.lock', which does not exist"):
        active_lock()


def test_where_models_are_pinned(folder: Path, tmp_path: Path) -> None:
    assert lock_to_write() == Lock(folder / "mmgen.lock")
    named = tmp_path / "deploy.lock"
    assert lock_to_write(named) == Lock(named)
    above = Lock(folder.parent / "mmgen.lock").having([HUB])
    above.write()
    assert lock_to_write() == above
    assert lock_to_write(above.path) == above


def test_what_cannot_be_written(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for path in (tmp_path / "no" / "mmgen.lock", folder):
        with pytest.raises(OutputError, match="was not written"):
            Lock(path).write()
    assert {path.name for path in tmp_path.iterdir()} == {"folder", "project"}


GOOD = f"""\
schema = 1
[[models]]
name = "org/name"
source = "hub"
repo = "org/name"
revision = "{"b" * 40}"
files = [{{ path = "config.json", sha256 = "{"a" * 64}", bytes = 3 }}]
"""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("schema = 1", "schema = 2", "has schema 2, this mmgen reads 1"),
        ("schema = 1", "", "has schema None"),
        ("schema = 1", "schema = ", "cannot be read"),
        ("[[models]]", "[models]", "must be tables"),
        ('name = "org/name"', "", "breaks the schema"),
        ('name = "org/name"', "name = 3", "lacks a name"),
        ('name = "org/name"', 'name = "n"\nwords = "w"', "breaks the schema.*words"),
        ('source = "hub"', 'source = "web"', "must be hub, with repo, or package"),
        ('source = "hub"', 'source = "package"', "package, with plugin"),
        ('repo = "org/name"', 'plugin = "p"', "hub, with repo"),
        ("b" * 40, "main", "40-hex"),
        ("b" * 40, "B" * 40, "40-hex"),
        ("files = [", "files = []\n# [", "lacks a name or files"),
        ("files = [", "other = [", "breaks the schema.*files"),
        ("files = [{", "files = [3, {", "breaks the schema"),
        ("a" * 64, "a" * 63, "a sha256 for every file"),
        ("bytes = 3", 'bytes = "3"', "bytes of 'config.json'"),
        ("bytes = 3", "bytes = -3", "bytes of 'config.json'"),
        (", bytes = 3", "", "breaks the schema.*bytes"),
        ("config.json", "../config.json", "leads out"),
        ("config.json", "/config.json", "leads out"),
        ("config.json", "a//b", "leads out"),
        ("config.json", "", "leads out"),
    ],
)
def test_a_lock_that_is_none(tmp_path: Path, old: str, new: str, words: str) -> None:
    path = tmp_path / "mmgen.lock"
    path.write_text(GOOD)
    assert read_lock(path).models[0].repo == "org/name"
    assert old in GOOD
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(LockError, match=words) as error:
        read_lock(path)
    assert str(path) in str(error.value)


def test_a_lock_that_pins_a_model_twice(tmp_path: Path) -> None:
    path = tmp_path / "mmgen.lock"
    path.write_text(GOOD + GOOD.removeprefix("schema = 1\n"))
    with pytest.raises(LockError, match="pins 'org/name' twice"):
        read_lock(path)
    path.write_bytes(b"\xff")
    with pytest.raises(LockError, match="cannot be read"):
        read_lock(path)
