"""Where pictures go is checked before any work."""

import errno
import os
from pathlib import Path

import pytest

from mmgen.errors import OutputError
from mmgen.media.targets import check_folder, check_output, output_error, picture_format


@pytest.mark.parametrize(
    ("name", "given", "format"),
    [("a.png", None, "png"), ("a.WEBP", None, "webp"), ("folder", "PNG", "png")],
)
def test_the_format_is_that_of_the_name(name: str, given: str | None, format: str) -> None:
    assert picture_format(Path(name), given) == format


@pytest.mark.parametrize(("name", "given"), [("a.jpg", None), ("a", None), ("a", "gif")])
def test_formats_that_lose_something_are_refused(name: str, given: str | None) -> None:
    with pytest.raises(OutputError, match=r"written as \.png or \.webp .*; got 'a"):
        picture_format(Path(name), given)


def test_a_file_must_be_new_unless_forced(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    check_output(path)
    path.touch()
    with pytest.raises(OutputError, match="exists; choose another name, or --force"):
        check_output(path)
    check_output(path, force=True)


def test_a_file_needs_a_folder_to_lie_in(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is a folder"):
        check_output(tmp_path, force=True)
    with pytest.raises(OutputError, match="does not exist; make it first"):
        check_output(tmp_path / "no" / "a.png")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="does not exist"):
        check_output(tmp_path / "file" / "a.png")


def test_a_folder_may_be_missing(tmp_path: Path) -> None:
    assert check_folder(tmp_path / "a" / "b", 2, kind="png") == ["0000.png", "0001.png"]
    assert not (tmp_path / "a").exists()


def test_numbers_are_as_long_as_they_must_be(tmp_path: Path) -> None:
    names = check_folder(tmp_path, 10_001, kind="webp")
    assert (names[0], names[-1]) == ("00000.webp", "10000.webp")


@pytest.mark.parametrize("force", [False, True])
def test_a_file_in_the_folders_place_is_refused(tmp_path: Path, force: bool) -> None:
    (tmp_path / "a").touch()
    with pytest.raises(OutputError, match="is a file"):
        check_folder(tmp_path / "a", 2, kind="png", force=force)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_not_writable_is_named(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    with pytest.raises(OutputError, match="locked is not writable"):
        check_output(locked / "a.png")
    with pytest.raises(OutputError, match="locked is not writable"):
        check_folder(locked / "b" / "c", 2, kind="png")


def test_a_folder_that_the_system_calls_locked_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(OutputError, match="not writable; choose another place"):
        check_output(tmp_path / "a.png")
    with pytest.raises(OutputError, match="not writable; choose another place"):
        check_folder(tmp_path / "b", 2, kind="png")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "the disk is full"),
        (errno.EACCES, "not writable"),
        (errno.EROFS, "not writable"),
        (errno.EIO, "was not written"),
    ],
)
def test_the_systems_errors_are_said_in_words(code: int, words: str) -> None:
    error = output_error(Path("a/b.png"), OSError(code, os.strerror(code)))
    assert isinstance(error, OutputError)
    assert words in str(error)
