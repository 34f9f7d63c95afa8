"""What is at each place of pictures: as captions say it, and as a reader sees it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from mmgen_plugin_scenes.caption_reader import read_caption
from mmgen_plugin_scenes.vocabulary import (
    COLOUR_NAMES,
    NUM_VALUES,
    PLACE_NAMES,
    SIZE_NAMES,
    SceneObject,
)

NUM_PLACES = len(PLACE_NAMES)
NO_VALUE = NUM_VALUES
NO_COLOUR = len(COLOUR_NAMES)
NO_SIZE = len(SIZE_NAMES)
NUM_CHOICES = (NUM_VALUES + 1, len(COLOUR_NAMES) + 1, len(SIZE_NAMES) + 1)
"""Of value, colour and size; the last of each stands for: no digit there."""


@dataclass(frozen=True)
class Readings:
    """N pictures; all are int64 (N, 5), a column for each of PLACE_NAMES.

    Attributes:
        value: 0 to 9; NO_VALUE where there is no digit.
        colour, size: numbers of the vocabulary; NO_COLOUR, NO_SIZE where there is none.
    """

    value: Tensor
    colour: Tensor
    size: Tensor

    def __len__(self) -> int:
        return len(self.value)

    @property
    def filled(self) -> Tensor:
        """Where there is a digit, bool (N, 5)."""
        return self.value != NO_VALUE

    @classmethod
    def nothing(cls, count: int) -> Self:
        """Return readings of empty pictures."""
        shape = (count, NUM_PLACES)
        return cls(*(torch.full(shape, number - 1) for number in NUM_CHOICES))

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return the readings of one part after the other."""
        return cls(*(torch.cat(c) for c in zip(*(p.columns for p in parts), strict=True)))

    @property
    def columns(self) -> tuple[Tensor, Tensor, Tensor]:
        """Value, colour and size."""
        return self.value, self.colour, self.size


def read_captions(texts: Sequence[str]) -> Readings:
    """Return what captions say of N scenes.

    Raises:
        InputError: one is not of the grammar.
    """
    found = Readings.nothing(len(texts))
    cells = [
        (row, *_numbers(scene_object))
        for row, text in enumerate(texts)
        for scene_object in read_caption(text)
    ]
    rows, places, *said = torch.tensor(cells, dtype=torch.int64).reshape(-1, 5).unbind(dim=1)
    for column, numbers in zip(found.columns, said, strict=True):
        column[rows, places] = numbers
    return found


def _numbers(scene_object: SceneObject) -> tuple[int, int, int, int]:
    return (
        PLACE_NAMES.index(scene_object.place),
        scene_object.value,
        COLOUR_NAMES.index(scene_object.colour),
        SIZE_NAMES.index(scene_object.size),
    )
