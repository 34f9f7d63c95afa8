"""Vectors of words from files: GloVe's text, word2vec's text and binary, also compressed.

The first line says how many numbers D each word has: word2vec's by a header, GloVe's by being a
word and its numbers. In each row of text the last D parts are the numbers, and the word is what is
before them: it may have spaces (GloVe's 840B has ". . .") or be a number ("1999"). But where D is
2, "a 1 2 3" may be the word "a 1" as well as a row of three numbers: a word that has spaces and
ends in a number is refused.
"""

import codecs
import gzip
import re
import warnings
import zlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, cast

import numpy as np
import torch
from torch import Tensor

from mmgen.errors import DataError, MmgenWarning

_LONGEST_LINE = 1 << 20
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SAMPLE_BYTES = 4096
_CONTROL_CHARACTER = re.compile(rb"[\x00-\x08\x0e-\x1f]")


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
        DataError: there is no such file, it is none of the three, or its words or their numbers
            are not as many as its first line says; names the line.
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


# A word, and what returns its float32 (D,): most rows' numbers are never asked for.
Row = tuple[bytes, Callable[[], np.ndarray]]


def _rows(file: IO[bytes], path: Path) -> Iterator[Row]:
    start = len(_BYTE_ORDER_MARK)
    if file.read(start) != _BYTE_ORDER_MARK:
        start = 0
    file.seek(start)
    first = file.readline(_LONGEST_LINE)
    header = first.split()
    if len(header) == 2 and all(part.isdigit() for part in header):
        yield from _rows_after_header(file, path, int(header[0]), int(header[1]))
        return
    dimension = len(header) - 1
    if dimension < 1 or not _is_text_row(first, dimension):
        raise DataError(
            f"{path} holds no vectors of words: its first line must be a word and its numbers "
            f"(GloVe), or how many words and numbers there are (word2vec); got {first[:60]!r}"
        )
    file.seek(start)
    yield from _text_rows(file, path, dimension)


def _rows_after_header(file: IO[bytes], path: Path, count: int, dimension: int) -> Iterator[Row]:
    if not count or not dimension:
        raise DataError(f"{path}: the first line promises {count} words × {dimension}")
    start = file.tell()
    second = file.readline(_LONGEST_LINE)
    file.seek(start)
    sample = file.read(_SAMPLE_BYTES)
    file.seek(start)
    # Rows of text are that also where the header says another length.
    if _is_text_row(second, dimension) or _is_text(sample):
        yield from _text_rows(file, path, dimension, count)
    else:
        yield from _binary_rows(file, path, count, dimension)


def _is_text_row(line: bytes, dimension: int) -> bool:
    parts = line.rstrip().rsplit(b" ", dimension)
    return len(parts) == dimension + 1 and all(map(_is_number, parts[1:]))


def _is_text(sample: bytes) -> bool:
    """Return whether the bytes are text; those of binary numbers are full of what is none."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)  # its end may be half a character
    except UnicodeDecodeError:
        return False
    return not _CONTROL_CHARACTER.search(sample)


def _is_number(part: bytes) -> bool:
    try:
        float(part)
    except ValueError:
        return False
    return True


def _text_rows(file: IO[bytes], path: Path, dimension: int, count: int = 0) -> Iterator[Row]:
    """Yield the rows of a file that is after its header, if that promises a count of them."""
    rows = 0
    for rows, line in enumerate(file, 1):
        parts = line.rstrip().rsplit(b" ", dimension)
        where = f"{path}, line {rows + 1 if count else rows}"
        if len(parts) <= dimension or _ends_in_number(parts[0]):
            raise _wrong_row(parts, dimension, where)
        yield parts[0], partial(_text_values, parts, dimension, where)
    if count and rows != count:
        raise DataError(
            f"{path} must have as many words as its first line promises: {count:,}; got {rows:,}; "
            "fetch the file again, or correct that line"
        )


def _ends_in_number(word: bytes) -> bool:
    """Return whether a word has spaces in it and a number at its end."""
    parts = word.split()
    return len(parts) > 1 and _is_number(parts[-1])


def _text_values(parts: list[bytes], dimension: int, where: str) -> np.ndarray:
    try:
        return np.array(parts[1:], dtype=np.float32)
    except ValueError:
        raise _wrong_row(parts, dimension, where) from None


def _wrong_row(parts: list[bytes], dimension: int, where: str) -> DataError:
    row = b" ".join(parts)
    found = sum(map(_is_number, row.split()[1:]))
    words = "; a word that has spaces must not end in a number" if found > dimension else ""
    return DataError(
        f"{where}: a word and {dimension} numbers are due, as the first line says; got {found} "
        f"numbers: {row[:60]!r}{words}; fetch the file again, or correct the line that is wrong"
    )


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
        yield bytes(word), partial(_binary_values, data)
    if file.read(_SAMPLE_BYTES).strip():
        raise DataError(
            f"{path} must end after the {count:,} words × {dimension} that its first line "
            "promises; it goes on; fetch the file again, or correct that line"
        )


def _binary_values(data: bytes) -> np.ndarray:
    return np.frombuffer(data, dtype="<f4").astype(np.float32)


def _warn(path: Path, count: int, what: str) -> None:
    if count:
        warnings.warn(f"{path}: {count:,} {what}", MmgenWarning, stacklevel=3)
