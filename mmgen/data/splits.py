"""Names of splits, and the pictures that are held out where a source has no validation split."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from mmgen.errors import DataError, did_you_mean

SYNONYMS = {
    "train": ("train", "training", "trn"),
    "valid": ("valid", "validation", "val", "dev"),
    "test": ("test", "testing", "t10k"),
}
_CANONICAL = {word: split for split, words in SYNONYMS.items() for word in words}


def canonical(name: str) -> str:
    """Return "train", "valid" or "test" for any word that means it, other names as they are."""
    return _CANONICAL.get(name.lower(), name)


def is_split_name(name: str) -> bool:
    """Whether a folder or file of this name is meant as a split."""
    return name.lower() in _CANONICAL


def split_in_name(file_name: str) -> str | None:
    """Return the split's word in a file's name ("data/train-00000-of-00002.parquet")."""
    words = re.split(r"[^a-z0-9]+", file_name.lower())
    return next((word for word in words if word in _CANONICAL), None)


def find_split(split: str, available: Iterable[str], *, source: str) -> str:
    """Return the source's own name of a split.

    Raises:
        DataError: there is none; names those there are.
    """
    names = tuple(available)
    if split in names:
        return split
    for name in names:
        if canonical(name) == canonical(split):
            return name
    raise DataError(
        f"{source} has no split {split!r}{did_you_mean(split, names)}; "
        f"its splits: {', '.join(names) or 'none'}"
    )


@dataclass(frozen=True, slots=True)
class Part:
    """Where the rows of a split are: in which split of the source, and which of its rows.

    Attributes:
        rows: "all", or, of a train split that serves for two, "kept" or "held out".
    """

    split: str
    rows: str

    def choose(self, num_rows: int, fraction: float, seed: int) -> np.ndarray | None:
        """Return the rows, int64 (M,); None for all."""
        if self.rows == "all":
            return None
        held_out = held_out_rows(num_rows, fraction, seed)
        return held_out if self.rows == "held out" else other_rows(num_rows, held_out)


def find_part(split: str, available: Iterable[str], *, held_out: float, source: str) -> Part:
    """Find a split; "valid" is a part of train, and "train" the rest, where it is missing.

    Raises:
        DataError: there is no such split; names those there are.
    """
    names = {canonical(name): name for name in available}
    wanted = canonical(split)
    missing = "valid" not in names and "train" in names
    if missing and wanted == "valid" and held_out == 0:
        raise DataError(
            f"{source} has no split {split!r}, and held_out=0 keeps all of train; set "
            "held_out=0.05 to hold out a twentieth of it"
        )
    if missing and held_out > 0 and wanted in ("train", "valid"):
        return Part(names["train"], "held out" if wanted == "valid" else "kept")
    try:
        return Part(find_split(split, available, source=source), "all")
    except DataError as error:
        if not missing or held_out == 0:
            raise
        raise DataError(f"{error}, of which held_out={held_out:g} are 'valid'") from None


def held_out_rows(num_rows: int, fraction_or_count: float, seed: int) -> np.ndarray:
    """Choose rows to hold out: int64 (M,), sorted, 1 <= M < num_rows.

    The choice depends on (num_rows, fraction_or_count, seed) alone, for ever: rows are ranked by
    a fixed integer hash, not by a library's random generator.

    Args:
        fraction_or_count: below 1 a part of the rows, otherwise their number.
    """
    wanted = fraction_or_count * num_rows if fraction_or_count < 1 else fraction_or_count
    count = max(1, round(wanted))
    if count >= num_rows:
        raise DataError(
            f"at least one picture must stay when {count} of {num_rows} are held out; "
            "hold out fewer, or none with held_out=0"
        )
    rank = splitmix64(np.arange(num_rows, dtype=np.uint64), seed)
    return np.sort(np.argsort(rank, kind="stable")[:count])


def other_rows(num_rows: int, rows: np.ndarray) -> np.ndarray:
    """Return the rows that are not in `rows`, int64, sorted."""
    kept = np.ones(num_rows, dtype=bool)
    kept[rows] = False
    return np.flatnonzero(kept)


def splitmix64(counter: np.ndarray, seed: int) -> np.ndarray:
    """Hash counters (N,) uint64: Steele, Lea and Flood 2014, SplitMix, figure 17."""
    golden = np.uint64(0x9E3779B97F4A7C15)
    start = np.uint64((seed * 0xD1342543DE82EF95 + 0x2545F4914F6CDD1D) % 2**64)
    z = start + (counter + np.uint64(1)) * golden  # arrays of integers wrap round silently
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
