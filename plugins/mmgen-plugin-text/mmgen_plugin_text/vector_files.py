"""Vectors of words from files: GloVe's text, word2vec's text and binary, also compressed."""

import gzip
import warnings
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import numpy as np
import torch
from torch import Tensor

from mmgen.errors import DataError, MmgenWarning

_LONGEST_LINE = 1 << 20


@dataclass(frozen=True)
class Vectors:
    """Words and their vectors.

    Attributes:
        words: V of them, in the file's order: usually the most frequent first.
        values: float32 (V, D).
    """

    words: tuple[str, ...]
    values: Tensor


def read_vectors(path: str | Path, wanted: Collection[str] = (), *, most: int = 20_000) -> Vectors:
    """Read the vectors of the words wanted, and of the file's first ones, `most` in all.

    A word that comes again keeps its first vector, and a word that is no UTF-8 has none: a
    warning says how many.

    Raises:
        DataError: there is no such file, or it is none of the three; names the line.
    """
    path = Path(path).expanduser()
    wanted = frozenset(wanted)
    found: dict[str, np.ndarray] = {}
    extra = max(0, most - len(wanted))
    twice = unreadable = 0
    try:
        with _open(path) as file:
            for raw, values in _rows(file, path):
                try:
                    word = raw.decode("utf-8")
                except UnicodeDecodeError:
                    unreadable += 1
                    continue
                if word in found:
                    twice += 1
                    continue
                if word not in wanted:
                    if extra < 1:
                        continue
                    extra -= 1
                vector = values()
                if not np.isfinite(vector).all():
                    raise DataError(f"{path}: the vector of {word!r} is not finite")
                found[word] = vector
    except (OSError, EOFError, OverflowError, zlib.error) as error:
        raise DataError(f"{path} cannot be read as vectors of words: {error}") from error
    if not found:
        raise DataError(f"{path} has no vectors of words")
    _warn(path, twice, "words come again: they keep their first vectors")
    _warn(path, unreadable, "words are no UTF-8: they are left out")
    return Vectors(tuple(found), torch.from_numpy(np.stack([*found.values()])))


def _open(path: Path) -> IO[bytes]:
    if path.is_dir():
        raise DataError(f"{path} is a folder; vectors of words are in a file")
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return cast(IO[bytes], gzip.open(path, "rb")) if packed else path.open("rb")


Row = tuple[bytes, "LazyValues"]


class LazyValues:
    """A row's numbers, read when they are asked for."""

    def __init__(self, data: bytes, dimension: int, where: str, *, binary: bool) -> None:
        self._data, self._dimension, self._where, self._binary = data, dimension, where, binary

    def __call__(self) -> np.ndarray:
        """Return float32 (D,)."""
        if self._binary:
            return np.frombuffer(self._data, dtype="<f4").astype(np.float32)
        try:
            values = np.array(self._data.split(), dtype=np.float32)
        except ValueError:
            values = np.empty(0, dtype=np.float32)
        if len(values) != self._dimension:
            raise DataError(
                f"{self._where}: a word and {self._dimension} numbers are due, as in the first "
                f"line; got {self._data[:60]!r}"
            )
        return values


def _rows(file: IO[bytes], path: Path) -> Iterator[Row]:
    first = file.readline(_LONGEST_LINE)
    header = first.split()
    if len(header) == 2 and all(part.isdigit() for part in header):
        count, dimension = int(header[0]), int(header[1])
        if not count or not dimension:
            raise DataError(f"{path}: the first line promises {count} words × {dimension}")
        start = file.tell()
        second = file.readline(_LONGEST_LINE)
        file.seek(start)
        if _is_text_row(second, dimension):
            yield from _text_rows(file, path, dimension, number=2)
        else:
            yield from _binary_rows(file, path, count, dimension)
        return
    dimension = len(header) - 1
    if dimension < 1 or not _is_text_row(first, dimension):
        raise DataError(
            f"{path} holds no vectors of words: its first line must be a word and its numbers "
            f"(GloVe), or how many words and numbers there are (word2vec); got {first[:60]!r}"
        )
    file.seek(0)
    yield from _text_rows(file, path, dimension, number=1)


def _is_text_row(line: bytes, dimension: int) -> bool:
    parts = line.rstrip().rsplit(b" ", dimension)
    if len(parts) != dimension + 1:
        return False
    try:
        np.array(parts[1:], dtype=np.float32)
    except ValueError:
        return False
    return True


def _text_rows(file: IO[bytes], path: Path, dimension: int, *, number: int) -> Iterator[Row]:
    for line in file:
        # Some of GloVe's words have spaces in them: the numbers are the last ones.
        parts = line.rstrip().rsplit(b" ", dimension)
        where = f"{path}, line {number}"
        if len(parts) <= dimension:
            raise DataError(
                f"{where}: a word and {dimension} numbers are due, as in the first line; "
                f"got {line[:60]!r}"
            )
        numbers = b" ".join(parts[1:])
        yield parts[0], LazyValues(numbers, dimension, where, binary=False)
        number += 1


def _binary_rows(file: IO[bytes], path: Path, count: int, dimension: int) -> Iterator[Row]:
    for number in range(1, count + 1):
        word = bytearray()
        while (byte := file.read(1)) not in (b" ", b""):
            if byte != b"\n":
                word += byte
            if len(word) > _LONGEST_LINE:
                raise DataError(f"{path}: word {number} has no end; the file is damaged")
        data = file.read(4 * dimension)
        if len(data) < 4 * dimension:
            raise DataError(
                f"{path} ends within word {number} of {count}, as its first line promises; "
                "fetch it again"
            )
        yield bytes(word), LazyValues(data, dimension, str(path), binary=True)


def _warn(path: Path, count: int, what: str) -> None:
    if count:
        warnings.warn(f"{path}: {count:,} {what}", MmgenWarning, stacklevel=3)
