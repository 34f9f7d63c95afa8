"""One split of a source before its pictures are decoded: what every source delivers."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from mmgen.data.choices import Column, select_rows


class EncodedPictures(Protocol):
    """Pictures as the bytes of their files."""

    def __len__(self) -> int:
        """Return how many there are."""

    def read(self, index: int) -> bytes:
        """Return the bytes of one; OSError or KeyError where it is gone. Thread-safe."""

    def name(self, index: int) -> str:
        """Return what to call one in a message: its path, its row."""


@dataclass(frozen=True)
class SelectedPictures:
    """Some of the pictures of another set, in a given order."""

    pictures: EncodedPictures
    indices: np.ndarray

    def __len__(self) -> int:
        return len(self.indices)

    def read(self, index: int) -> bytes:
        return self.pictures.read(int(self.indices[index]))

    def name(self, index: int) -> str:
        return self.pictures.name(int(self.indices[index]))


@dataclass(frozen=True)
class JoinedPictures:
    """The pictures of one set and then those of another."""

    first: EncodedPictures
    second: EncodedPictures

    def __len__(self) -> int:
        return len(self.first) + len(self.second)

    def read(self, index: int) -> bytes:
        pictures, own = self._find(index)
        return pictures.read(own)

    def name(self, index: int) -> str:
        pictures, own = self._find(index)
        return pictures.name(own)

    def _find(self, index: int) -> tuple[EncodedPictures, int]:
        beyond = index - len(self.first)
        return (self.first, index) if beyond < 0 else (self.second, beyond)


@dataclass(frozen=True, slots=True)
class Problem:
    """A picture that cannot be used, and why."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


@dataclass(frozen=True, kw_only=True)
class Records:
    """Pictures of one split with their labels and captions, row by row.

    Attributes:
        pictures: encoded, or uint8 (N, C, H, W) where the source holds arrays; (N, 0, 0, 0) where
            it holds no pictures.
        labels: int64 (N,), or None.
        class_names: one for every class that a label may name; None without labels.
        texts: N captions ("" where one is missing), or several for each to choose from; or None.
        sounds: encoded, one for each picture; else None.
        given: for pairs, the picture that each is to be made from; else None.
        others: columns of kinds of input that plugins bring, as they stand there; by the kind.
        problems: pictures that the source names but does not have.
        notes: what the user should know about how the source was read.
    """

    pictures: EncodedPictures | Tensor
    labels: Tensor | None = None
    class_names: tuple[str, ...] | None = None
    texts: Column | None = None
    sounds: EncodedPictures | None = None
    given: EncodedPictures | Tensor | None = None
    others: Mapping[str, list[Any]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.pictures)

    def select(self, indices: np.ndarray) -> "Records":
        """Return the records of some rows, int64 (M,), in their order."""
        rows = torch.from_numpy(indices)
        return replace(
            self,
            pictures=_select(self.pictures, indices),
            sounds=None if self.sounds is None else SelectedPictures(self.sounds, indices),
            given=None if self.given is None else _select(self.given, indices),
            labels=None if self.labels is None else self.labels[rows],
            texts=None if self.texts is None else select_rows(self.texts, indices),
            others={
                name: [values[row] for row in indices.tolist()]
                for name, values in self.others.items()
            },
        )


def _select(pictures: EncodedPictures | Tensor, indices: np.ndarray) -> EncodedPictures | Tensor:
    if isinstance(pictures, Tensor):
        return pictures[torch.from_numpy(indices)]
    return SelectedPictures(pictures, indices)
