"""The files of a data set by name, whether they lie in a folder or in a zip archive."""

import os
import zipfile
import zlib
from pathlib import Path
from typing import Protocol

from mmgen.errors import DataError

_COMMON = (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".avif", ".gif", ".bmp")
_RARE = (".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm", ".jp2")
SOUND_SUFFIXES = frozenset((".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff"))
PICTURE_SUFFIXES = frozenset(_COMMON + _RARE)


class FileTree(Protocol):
    """Files by their names: relative, with "/", sorted; hidden ones left out."""

    path: Path
    names: tuple[str, ...]

    def read(self, name: str) -> bytes:
        """Return a file's bytes; OSError where it cannot be read. Thread-safe."""


class Directory:
    """The files under a folder; links are followed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.names = tuple(sorted(_walk(path)))

    def read(self, name: str) -> bytes:
        return (self.path / name).read_bytes()


class ZipArchive:
    """The files in a zip archive, read without unpacking it.

    Raises:
        DataError: the file is no zip archive or a damaged one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError) as error:
            raise DataError(f"{path} cannot be read as a zip archive: {error}") from error
        names = (info.filename for info in self._archive.infolist() if not info.is_dir())
        self.names = tuple(sorted(name for name in names if not _is_hidden(name)))

    def read(self, name: str) -> bytes:
        try:
            return self._archive.read(name)
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, KeyError) as error:
            raise OSError(f"damaged in the archive: {error}") from error


def is_picture_name(name: str) -> bool:
    """Whether a file's name ends like a picture's."""
    return os.path.splitext(name)[1].lower() in PICTURE_SUFFIXES  # noqa: PTH122 (ten times faster)


def is_sound_name(name: str) -> bool:
    """Whether a file's name ends like a recording's."""
    return os.path.splitext(name)[1].lower() in SOUND_SUFFIXES  # noqa: PTH122 (as above)


def _walk(root: Path) -> list[str]:
    found: list[str] = []
    seen: set[tuple[int, int]] = set()
    folders = [""]
    while folders:
        prefix = folders.pop()
        folder = os.path.join(root, prefix)  # noqa: PTH118 (as above)
        status = os.stat(folder)  # noqa: PTH116
        if (status.st_dev, status.st_ino) in seen:  # a link that leads back up
            continue
        seen.add((status.st_dev, status.st_ino))
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir():
                    folders.append(f"{prefix}{entry.name}/")
                else:
                    found.append(prefix + entry.name)
    return found


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))
