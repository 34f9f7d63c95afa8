"""Pictures of a set too large for the memory: decoded batch by batch, in threads."""

import logging
from threading import Lock
from typing import Protocol, Self

import numpy as np
import torch
from torch import Tensor

from mmgen.data.decoding import BrokenPictureError
from mmgen.data.fitting import Fit
from mmgen.data.records import EncodedPictures, JoinedPictures, Problem, SelectedPictures
from mmgen.data.threads import map_in_threads
from mmgen.errors import DataError

_log = logging.getLogger("mmgen.data")


class PicturesOnRead(Protocol):
    """Like a uint8 tensor (N, C, H, W), as far as `shape`, `len` and `[indices]` go.

    The pictures are decoded, or made, when they are read.
    """

    def __len__(self) -> int:
        """Return N."""

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(N, C, H, W)."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The broken pictures met so far."""

    def __getitem__(self, indices: Tensor) -> Tensor:
        """Return pictures, uint8 (M, C, H, W), of int64 (M,)."""

    def read(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Return pictures, uint8 (M, C, H, W), and the rows they are of, int64 (M,)."""

    def digests(self) -> np.ndarray:
        """Return what tells each picture from others, uint8 (N, 32)."""

    def select(self, indices: np.ndarray) -> Self:
        """Return some of the pictures, int64 (M,)."""

    def joined_with(self, other: Self) -> Self:
        """Return these pictures and then the others, which are of the same class."""


class LazyPictures:
    """Like a uint8 tensor (N, C, H, W), as far as `shape`, `len` and `[indices]` go.

    Whether a picture can be decoded shows only when it is read. A broken one is replaced by the
    next that is sound, or raises, as `on_broken` says.
    """

    def __init__(self, pictures: EncodedPictures, fit: Fit, *, on_broken: str) -> None:
        self._pictures = pictures
        self._fit = fit
        self._on_broken = on_broken
        self._broken: dict[int, Problem] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._pictures)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(N, C, H, W)."""
        return len(self), *self._fit.shape

    @property
    def encoded(self) -> EncodedPictures:
        """The pictures as the bytes of their files."""
        return self._pictures

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The broken pictures met so far."""
        return tuple(self._broken.values())

    def __getitem__(self, indices: Tensor) -> Tensor:
        return self.read(indices)[0]

    def read(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Decode pictures: uint8 (M, C, H, W) and the rows they are of, int64 (M,).

        A row differs from the one that was asked for where that is broken.

        Raises:
            DataError: a broken picture under on_broken="stop", or none that is sound.
        """
        rows = indices.tolist()
        pixels = np.empty((len(rows), *self._fit.shape), np.uint8)

        def decode(position: int) -> int:
            row, pixels[position] = self._read_sound(rows[position])
            return row

        used = map_in_threads(decode, len(rows), chunk=4)
        return torch.from_numpy(pixels), torch.tensor(used, dtype=torch.int64)

    def digests(self) -> np.ndarray:
        """Read every file for its sha256: uint8 (N, 32); zeros for those that are gone."""

        def digest(row: int) -> bytes:
            try:
                return self._fit.digest(self._pictures.read(row))
            except (OSError, KeyError):
                return bytes(32)

        parts = map_in_threads(digest, len(self))
        return np.frombuffer(b"".join(parts), np.uint8).reshape(-1, 32)

    def select(self, indices: np.ndarray) -> "LazyPictures":
        """Return some of the pictures, int64 (M,), as lazily."""
        chosen = SelectedPictures(self._pictures, indices)
        return LazyPictures(chosen, self._fit, on_broken=self._on_broken)

    def joined_with(self, other: "LazyPictures") -> "LazyPictures":
        """Return these pictures and then the others, as lazily; both fitted as these are."""
        both = JoinedPictures(self._pictures, other._pictures)
        return LazyPictures(both, self._fit, on_broken=self._on_broken)

    def _read_sound(self, row: int) -> tuple[int, np.ndarray]:
        for candidate in range(row, row + len(self)):
            index = candidate % len(self)
            if index in self._broken:
                continue
            try:
                return index, self._fit.decode(self._pictures.read(index))
            except (BrokenPictureError, OSError, KeyError) as error:
                self._note(index, Problem(self._pictures.name(index), str(error)))
        raise DataError(f"none of the {len(self)} pictures can be decoded")

    def _note(self, index: int, problem: Problem) -> None:
        if self._on_broken == "stop":
            raise DataError(
                f"a picture cannot be decoded: {problem}; mend or remove it, or leave it out with "
                "on_broken=skip"
            )
        with self._lock:
            if index not in self._broken:
                self._broken[index] = problem
                _log.warning("a picture cannot be decoded and is left out: %s", problem)
