"""Where pictures are written: checked before any work, with the standard library alone."""

import errno
import os
from pathlib import Path

from mmgen.errors import OutputError

FORMATS = ("png", "webp")


def picture_format(path: Path, given: str | None = None) -> str:
    """Return "png" or "webp" for a file name.

    Raises:
        OutputError: another format; both keep every pixel and the recipe, others do not.
    """
    name = (given or path.suffix.lstrip(".")).lower()
    if name not in FORMATS:
        raise OutputError(
            "pictures are written as .png or .webp (lossless, with their recipe); "
            f"got {path.name!r}"
        )
    return name


def check_output(path: Path, *, force: bool = False) -> None:
    """Check, before any work, that a file can be written.

    Raises:
        OutputError: it exists (and not `force`), or its folder is missing or not writable.
    """
    if path.exists() and not force:
        raise OutputError(f"{path} exists; choose another name, or --force to replace it")
    if path.is_dir():
        raise OutputError(f"{path} is a folder; give the name of a file")
    folder = path.parent
    if not folder.is_dir():
        raise OutputError(f"folder {folder} does not exist; make it first")
    if not os.access(folder, os.W_OK):
        raise OutputError(f"folder {folder} is not writable; choose another place")


def check_folder(folder: Path, count: int, *, kind: str, force: bool = False) -> list[str]:
    """Check that a folder can take numbered pictures; return their names.

    It may be missing: it is made when the pictures are written.

    Raises:
        OutputError: it is a file, is not writable, or one of the pictures exists (not `force`).
    """
    digits = max(4, len(str(count - 1)))
    names = [f"{index:0{digits}d}.{kind}" for index in range(count)]
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder} is a file; name a folder, or a file that ends in .png")
    standing = next(place for place in (folder, *folder.absolute().parents) if place.is_dir())
    if not os.access(standing, os.W_OK):
        raise OutputError(f"folder {standing} is not writable; choose another place")
    there = {entry.name: entry.is_dir() for entry in os.scandir(folder)} if folder.is_dir() else {}
    taken = [name for name in names if name in there and (there[name] or not force)]
    if taken:
        raise OutputError(
            f"{folder / taken[0]} exists; choose another folder, or --force to replace it"
        )
    return names


def output_error(path: Path, error: OSError) -> OutputError:
    """Say what an OSError means for a result that was to be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return OutputError(f"the disk is full: {path} was not written; free some space")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return OutputError(f"{path} cannot be written: {path.parent} is not writable")
    return OutputError(f"{path} was not written: {error}")
