"""Pictures that are named in a list, and kept apart from those that are learned from."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from mmgen.errors import DataError, did_you_mean

WITHHELD = "withheld"
"""The split that has them."""

RowsT = TypeVar("RowsT", bound=Any)


def withhold(rows: RowsT, path: str, split: str, *, name: str) -> RowsT:
    """Return the rows of a train split whose captions are in a file, or all the others.

    Args:
        rows: Records, or PictureData, of all of train.
        path: a text file, UTF-8, with a caption in each line; empty lines and those that begin
            with # do not count.
        split: "withheld" for those in the file.

    Raises:
        DataError: there is no such file, no captions, or one in the file that no picture has.
    """
    captions = _read(path)
    if rows.texts is None:
        raise DataError(f"withheld names pictures by their captions; {name} has none")
    there = list(rows.texts)
    unknown = sorted(captions.difference(there))
    if unknown:
        raise DataError(
            f"{path}: no picture of {name} has the caption {unknown[0]!r}"
            f"{did_you_mean(unknown[0], _some(there))} ({len(unknown)} such lines)"
        )
    named = np.array([text in captions for text in there])
    return rows.select(np.flatnonzero(named if split == WITHHELD else ~named))


def _read(path: str) -> set[str]:
    try:
        lines = Path(path).expanduser().read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"withheld: {path} cannot be read as a list of captions: {error}") from None
    captions = {line.strip() for line in lines if line.strip() and not line.startswith("#")}
    if not captions:
        raise DataError(f"withheld: {path} names no caption")
    return captions


def _some(texts: Iterable[str]) -> list[str]:
    return sorted(set(texts))[:5000]
