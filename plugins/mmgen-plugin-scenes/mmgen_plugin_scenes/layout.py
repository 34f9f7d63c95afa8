"""What is in each scene: drawn by a fixed integer hash, for all scenes at once."""

from dataclasses import dataclass, fields
from itertools import permutations
from typing import Self

import numpy as np

from mmgen.data.splits import splitmix64
from mmgen_plugin_scenes.combinations import withheld_values
from mmgen_plugin_scenes.vocabulary import (
    BACKGROUNDS,
    COLOUR_NAMES,
    COLOURS,
    LARGE,
    MIDDLE,
    MOST_OBJECTS,
    NUM_VALUES,
    PLACE_NAMES,
    PLACES,
    SIDE_PX,
    SIZE_NAMES,
    SIZES,
    SceneObject,
)

_STREAMS = 64
"""Numbers kept for each scene; a new use takes a new one, so that the others stay."""

_ORDERS = np.array(list(permutations(range(len(PLACE_NAMES)), MOST_OBJECTS)))  # (60, 3)
_NEAREST_PX = 12  # of an outer place's centre to the border
_TINT = 12  # colours differ by at most so much, either way
_AROUND_PX = 2  # a digit is moved along the border by at most so much, either way


@dataclass(frozen=True)
class Layout:
    """N scenes. Columns of objects are (N, 3), of which the first `count` are there.

    Attributes:
        rows: int64 (N,), the scenes' own numbers.
        count: digits in the scene, 1 to 3, int64 (N,).
        value, colour, place, size: int64 (N, 3), numbers of the vocabulary.
        picture: which of its value's pictures, uint64 (N, 3), before the division by their number.
        left, top: of the digit's box, int64 (N, 3), px.
        ink: sRGB, int64 (N, 3, 3): object, channel.
        background: sRGB, int64 (N, 3).
        wording: uint64 (N, 4): of the caption, and of each object in it.
    """

    rows: np.ndarray
    count: np.ndarray
    value: np.ndarray
    colour: np.ndarray
    place: np.ndarray
    size: np.ndarray
    picture: np.ndarray
    left: np.ndarray
    top: np.ndarray
    ink: np.ndarray
    background: np.ndarray
    wording: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    def select(self, indices: np.ndarray) -> Self:
        """Return some of the scenes, int64 (M,)."""
        return type(self)(**{f.name: getattr(self, f.name)[indices] for f in fields(self)})

    def joined_with(self, other: Self) -> Self:
        """Return these scenes and then the others."""
        pairs = {f.name: (getattr(self, f.name), getattr(other, f.name)) for f in fields(self)}
        return type(self)(**{name: np.concatenate(pair) for name, pair in pairs.items()})

    def objects(self) -> list[tuple[SceneObject, ...]]:
        """Return the objects of each scene."""
        columns = [a.tolist() for a in (self.count, self.value, self.colour, self.place, self.size)]
        return [
            tuple(
                SceneObject(
                    value[i], COLOUR_NAMES[colour[i]], PLACE_NAMES[place[i]], SIZE_NAMES[size[i]]
                )
                for i in range(count)
            )
            for count, value, colour, place, size in zip(*columns, strict=True)
        ]


class _Draws:
    """Numbers of scenes: each stream is a hash of (seed, scene, stream) alone."""

    def __init__(self, rows: np.ndarray, seed: int) -> None:
        self._counters = rows.astype(np.uint64) * np.uint64(_STREAMS)
        self._seed = seed

    def raw(self, stream: int, width: int = 1) -> np.ndarray:
        """Return uint64 (N, width), from streams `stream` to `stream + width - 1`."""
        counters = self._counters[:, None] + np.arange(stream, stream + width, dtype=np.uint64)
        return splitmix64(counters, self._seed)

    def below(self, limit: int | np.ndarray, stream: int, width: int = 1) -> np.ndarray:
        """Return int64 (N, width), each uniform in 0 … limit - 1."""
        drawn = self.raw(stream, width) % np.asarray(limit, dtype=np.uint64)
        return drawn.astype(np.int64)

    def around(self, reach: int, stream: int, width: int = 1) -> np.ndarray:
        """Return int64 (N, width), each uniform in -reach … reach."""
        return self.below(2 * reach + 1, stream, width) - reach


def draw_layout(rows: np.ndarray, seed: int, *, unseen: bool) -> Layout:
    """Draw scenes; scene i is a function of (seed, i, unseen) alone, for ever.

    There are one to three digits, as often, at distinct places. All values, colours and places
    are as likely; so are the sizes, but where the middle and another place are taken no digit is
    large, so that they hardly overlap.

    Args:
        rows: int64 (N,), the scenes' numbers, 0 or more.
        unseen: in each scene one digit or more is a withheld combination; otherwise none is.
    """
    draws = _Draws(rows, 2 * seed + unseen)
    count = 1 + draws.below(MOST_OBJECTS, 0)[:, 0]
    place = _ORDERS[draws.below(len(_ORDERS), 1)[:, 0]]
    colour = draws.below(len(COLOUR_NAMES), 2, MOST_OBJECTS)
    value = _draw_values(draws, colour, place, count, unseen=unseen)
    crowded = ((place == MIDDLE) & _taken(count)).any(axis=1) & (count > 1)
    num_sizes = np.where(crowded, LARGE, len(SIZE_NAMES))[:, None]
    size = draws.below(num_sizes, 9, MOST_OBJECTS)
    left, top = _draw_boxes(draws, place, size)
    tint = draws.around(_TINT, 24, 3 * MOST_OBJECTS).reshape(-1, MOST_OBJECTS, 3)
    return Layout(
        rows=rows,
        count=count,
        value=value,
        colour=colour,
        place=place,
        size=size,
        picture=draws.raw(12, MOST_OBJECTS),
        left=left,
        top=top,
        ink=np.clip(np.array(list(COLOURS.values()))[colour] + tint, 0, 255),
        background=np.array(BACKGROUNDS)[draws.below(len(BACKGROUNDS), 21)[:, 0]],
        wording=draws.raw(33, 1 + MOST_OBJECTS),
    )


def _taken(count: np.ndarray) -> np.ndarray:
    """Return bool (N, 3): the objects that are there."""
    return np.arange(MOST_OBJECTS) < count[:, None]


def _draw_values(
    draws: _Draws, colour: np.ndarray, place: np.ndarray, count: np.ndarray, *, unseen: bool
) -> np.ndarray:
    withheld = withheld_values()[colour, place]
    if not unseen:  # one of the nine others
        value = draws.below(NUM_VALUES - 1, 5, MOST_OBJECTS)
        return value + (value >= withheld)
    value = draws.below(NUM_VALUES, 5, MOST_OBJECTS)
    chosen = draws.below(count[:, None], 8)
    return np.where(np.arange(MOST_OBJECTS) == chosen, withheld, value)


def _draw_boxes(
    draws: _Draws, place: np.ndarray, size: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return left and top of the digits' boxes, int64 (N, 3), inside the picture."""
    side = np.array(list(SIZES.values()))[size]
    towards = np.array(list(PLACES.values()))[place]  # (N, 3, 2)
    nearest = np.maximum(_NEAREST_PX, side // 2 + 1)[..., None]
    inwards = draws.below(2, 15, 2 * MOST_OBJECTS).reshape(towards.shape)
    along = draws.around(_AROUND_PX, 40, 2 * MOST_OBJECTS).reshape(towards.shape)
    along = np.where((place == MIDDLE)[..., None], np.clip(along, -1, 1), along)
    offset = np.where(towards != 0, towards * (SIDE_PX // 2 - nearest - inwards), along)
    corner = SIDE_PX // 2 + offset - side[..., None] // 2
    return corner[..., 0], corner[..., 1]
