"""What is known of files is remembered while they are the same, and only then."""

import json
import os
import subprocess
import sys
import threading
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from mmgen.errors import ModelFileError
from mmgen.hub import verdicts
from mmgen.hub.verdicts import file_sha256, forget, is_known_finite, remember_finite

SIZE = 2**20


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that remembers."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "mmgen" / "verdicts.json"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files whose content was hashed."""
    names: list[str] = []
    digest = verdicts.hashlib.file_digest

    def watched(file: Any, name: str) -> Any:
        names.append(Path(file.name).name)
        return digest(file, name)

    monkeypatch.setattr(verdicts.hashlib, "file_digest", watched)
    return names


def make(path: Path, content: bytes = b"x" * SIZE, *, age: float = 100.0) -> Path:
    path.write_bytes(content)
    at = path.stat().st_mtime - age
    os.utime(path, (at, at))
    return path


def test_a_file_is_hashed_once(tmp_path: Path, read: list[str]) -> None:
    path = make(tmp_path / "a")
    expected = sha256(b"x" * SIZE).hexdigest()
    assert [file_sha256(path) for _ in range(3)] == [expected] * 3
    assert read == ["a"]


def test_a_link_is_the_file_it_leads_to(tmp_path: Path, read: list[str]) -> None:
    path = make(tmp_path / "a")
    (tmp_path / "link").symlink_to(path)
    assert file_sha256(tmp_path / "link") == file_sha256(path)
    assert read == ["link"]


def test_another_process_knows_it_too(tmp_path: Path, kept: Path) -> None:
    path = make(tmp_path / "a")
    file_sha256(path)
    data = json.loads(kept.read_text())
    (entry,) = data["files"].values()
    entry["sha256"] = "0" * 64
    kept.write_text(json.dumps(data))
    code = (
        "import sys; from pathlib import Path; from mmgen.hub.verdicts import file_sha256;"
        "print(file_sha256(Path(sys.argv[1])), 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["0" * 64, "False"]


@pytest.mark.parametrize("how", ["written", "restored", "replaced", "grown"])
def test_a_file_that_changed_is_hashed_anew(tmp_path: Path, read: list[str], how: str) -> None:
    path = make(tmp_path / "a")
    before = file_sha256(path)
    times = path.stat().st_mtime_ns, path.stat().st_mtime_ns
    if how == "grown":
        path.write_bytes(b"x" * (SIZE + 1))
    elif how == "replaced":
        make(tmp_path / "b", b"y" * SIZE).replace(path)
    else:
        path.write_bytes(b"y" * SIZE)
    if how in ("restored", "replaced", "grown"):
        os.utime(path, ns=times)  # as copying programs do
    assert file_sha256(path) != before
    assert read == ["a", "a"]


@pytest.mark.parametrize("age", [0.0, 1.0, -50.0])
def test_what_was_just_written_is_not_remembered(
    tmp_path: Path, kept: Path, read: list[str], age: float
) -> None:
    path = make(tmp_path / "a", age=age)
    file_sha256(path)
    file_sha256(path)
    remember_finite(path)
    assert read == ["a", "a"]
    assert not is_known_finite(path)
    assert not kept.exists()


def test_small_files_are_not_worth_an_entry(tmp_path: Path, kept: Path) -> None:
    path = make(tmp_path / "a", b"x" * (SIZE - 1))
    assert file_sha256(path) == sha256(b"x" * (SIZE - 1)).hexdigest()
    remember_finite(path)
    assert not kept.exists()


def test_that_a_file_is_finite_is_remembered_beside_its_hash(
    tmp_path: Path, read: list[str]
) -> None:
    path = make(tmp_path / "a")
    assert not is_known_finite(path)
    digest = file_sha256(path)
    assert not is_known_finite(path)
    with path.open("rb") as file:
        remember_finite(file.fileno())
        assert is_known_finite(file.fileno())
    assert is_known_finite(path)
    assert file_sha256(path) == digest
    assert read == ["a"]
    make(path, b"y" * SIZE)
    assert not is_known_finite(path)


def test_what_is_forgotten_is_found_anew(tmp_path: Path, read: list[str]) -> None:
    path, other = make(tmp_path / "a"), make(tmp_path / "b")
    for item in (path, other):
        file_sha256(item)
        remember_finite(item)
    forget(path)
    forget(tmp_path / "missing")
    assert not is_known_finite(path)
    assert is_known_finite(other)
    file_sha256(path)
    assert read == ["a", "b", "a"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"5",
        b"\xff\xfe",
        b'{"format": 1}',
        b'{"format": 1, "files": 5}',
        b'{"format": 2, "files": {}}',
        b'{"format": 1, "files": {"a": 5}}',
        b"[" * 100_000,
        b" " * (SIZE + 1),
    ],
)
def test_a_damaged_file_is_as_none(
    tmp_path: Path, kept: Path, read: list[str], content: bytes
) -> None:
    kept.parent.mkdir(parents=True)
    kept.write_bytes(content)
    path = make(tmp_path / "a")
    assert not is_known_finite(path)
    file_sha256(path)
    file_sha256(path)
    assert read == ["a"]


@pytest.mark.parametrize("wrong", [5, "abc", None, "g" * 64, ["0" * 64]])
def test_a_hash_that_is_none_is_not_believed(tmp_path: Path, kept: Path, wrong: Any) -> None:
    path = make(tmp_path / "a")
    expected = file_sha256(path)
    data = json.loads(kept.read_text())
    next(iter(data["files"].values()))["sha256"] = wrong
    kept.write_text(json.dumps(data))
    assert file_sha256(path) == expected


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs owners of files")
def test_nobody_elses_word_is_taken(
    tmp_path: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make(tmp_path / "a")
    file_sha256(path)
    monkeypatch.setattr(os, "getuid", lambda: path.stat().st_uid + 1)
    monkeypatch.setattr(verdicts, "_last_read", None)
    file_sha256(path)
    assert read == ["a", "a"]


@pytest.mark.parametrize("home", ["in the way/home", "~nobody-of-that-name/x"])
def test_a_cache_that_cannot_be_written_to_is_no_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: list[str], home: str
) -> None:
    (tmp_path / "in the way").write_text("")
    monkeypatch.setenv("HF_HOME", home if home[0] == "~" else str(tmp_path / home))
    path = make(tmp_path / "a")
    file_sha256(path)
    file_sha256(path)
    remember_finite(path)
    forget(path)
    assert not is_known_finite(path)
    assert read == ["a", "a"]


def test_a_full_disk_leaves_what_was_known(
    tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_sha256(make(tmp_path / "a"))
    before = kept.read_bytes()

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", refuse)
    file_sha256(make(tmp_path / "b"))
    assert kept.read_bytes() == before
    assert list(kept.parent.iterdir()) == [kept]


def test_the_oldest_verdicts_go(tmp_path: Path, kept: Path) -> None:
    path = make(tmp_path / "a")
    file_sha256(path)
    data = json.loads(kept.read_text())
    more = {f"0:{number}": {"size": 1} for number in range(1_500)}
    kept.write_text(json.dumps({"format": 1, "files": data["files"] | more}))
    other = make(tmp_path / "b")
    remember_finite(other)
    files = json.loads(kept.read_text())["files"]
    assert len(files) == 1_000
    assert list(files)[:-1] == [f"0:{number}" for number in range(501, 1_500)]
    assert is_known_finite(other)


def test_threads_and_processes_write_at_once(tmp_path: Path, kept: Path) -> None:
    paths = [make(tmp_path / f"{number}", bytes([number]) * SIZE) for number in range(8)]
    code = (
        "import sys; from pathlib import Path; from mmgen.hub import verdicts as v;"
        "[(v.file_sha256(Path(p)), v.remember_finite(Path(p))) for p in sys.argv[1:]]"
    )
    others = [
        subprocess.Popen([sys.executable, "-c", code, *map(str, paths[:4])]) for _ in range(2)
    ]
    threads = [threading.Thread(target=remember_finite, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [process.wait() for process in others] == [0, 0]
    assert len(json.loads(kept.read_text())["files"]) >= 4
    assert list(kept.parent.iterdir()) == [kept]
    for number, path in enumerate(paths):
        assert file_sha256(path) == sha256(bytes([number]) * SIZE).hexdigest()


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe"])
def test_what_cannot_be_hashed_is_named(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a"
    if kind == "folder":
        path.mkdir()
    if kind == "pipe":
        if not hasattr(os, "mkfifo"):
            pytest.skip("needs named pipes")
        os.mkfifo(path)
    with pytest.raises(ModelFileError, match=r"cannot be read|is not a file") as caught:
        file_sha256(path)
    assert str(path) in str(caught.value)


def test_a_file_that_changes_while_it_is_hashed_is_not_remembered(
    tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make(tmp_path / "a")
    digest = verdicts.hashlib.file_digest

    def meddling(file: Any, name: str) -> Any:
        result = digest(file, name)
        path.write_bytes(b"y" * SIZE)
        return result

    monkeypatch.setattr(verdicts.hashlib, "file_digest", meddling)
    file_sha256(path)
    assert not kept.exists()
