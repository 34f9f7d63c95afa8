"""Files of the client's cache that are not what was stated: found, and dropped with their blobs."""

from collections.abc import Iterable
from pathlib import Path

from mmgen.catalogue import is_hex
from mmgen.errors import ModelFileError, OutputError
from mmgen.hub.statements import StatedFile, git_hash, matches
from mmgen.hub.verdicts import file_sha256, forget

_MAX_LINKS = 8


def is_sound(path: Path, stated: StatedFile) -> bool:
    """Return whether a file is what was stated of it, and is kept under the name that this has."""
    return matches(path, stated) and not wrong_name(path, stated)


def wrong_name(path: Path, stated: StatedFile) -> str:
    """Return the hash by which the client keeps a file, where it is that of another; else "".

    The client believes the Hub, or a proxy, which hash a file has, and later takes what it keeps
    under that name for any file that is said to have it.
    """
    blob = _steps(path)[1:2]
    name = blob[0].name if blob else ""
    known = (stated.sha256 and is_hex(name, 64)) or (stated.git and is_hex(name, 40))
    return name if known and name not in (stated.sha256, stated.git) else ""


def _steps(path: Path) -> list[Path]:
    """Return a file of the cache and what it leads to, link by link.

    These are the client's blob and, for a file that came by Xet, what the repositories share.
    """
    found = [path]
    while found[-1].is_symlink() and len(found) < _MAX_LINKS:
        found.append(found[-1].parent / found[-1].readlink())
    return found


def _is_named_so(blob: Path) -> bool:
    """Whether a file of the client's holds what its name says."""
    try:
        if is_hex(blob.name, 64):
            return file_sha256(blob) == blob.name
        return is_hex(blob.name, 40) and git_hash(blob) == blob.name
    except (OSError, ModelFileError):
        return False


def drop(folder: Path, files: Iterable[StatedFile]) -> None:
    """Remove files from the cache, with what the client keeps of them for other commits too.

    A blob that holds what its name says stays: it is this file that should not lead there.

    Raises:
        OutputError: the cache is not writable.
    """
    for file in files:
        path = folder / file.path
        steps = _steps(path)
        forget(path)
        try:
            if len(steps) > 1 and not _is_named_so(steps[1]):
                for step in steps[1:]:
                    if "blobs" in (step.parent.name, step.parent.parent.name):
                        step.unlink(missing_ok=True)
            path.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(
                f"{path} is damaged and cannot be removed ({error}); remove it yourself"
            ) from error
