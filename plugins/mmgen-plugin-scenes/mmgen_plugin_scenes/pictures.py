"""The pictures of scenes, made when they are read."""

import hashlib

import numpy as np
import torch
from torch import Tensor

from mmgen.data import Problem
from mmgen.errors import DataError
from mmgen_plugin_scenes.glyphs import Glyphs
from mmgen_plugin_scenes.layout import Layout
from mmgen_plugin_scenes.vocabulary import MOST_OBJECTS, SIDE_PX, SIZES

_BOX_PX = max(SIZES.values())
_CANVAS_PX = SIDE_PX + _BOX_PX
_VERSION = b"mnist-scenes 1"  # what pictures look like; another look takes another number


class ScenePictures:
    """Like a uint8 tensor (N, 3, 64, 64), as far as `shape`, `len` and `[indices]` go.

    Args:
        glyphs: the digits.
        layout: what is where, of N scenes.
    """

    problems: tuple[Problem, ...] = ()

    def __init__(self, glyphs: Glyphs, layout: Layout) -> None:
        self.glyphs = glyphs
        self.layout = layout

    def __len__(self) -> int:
        return len(self.layout)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(N, 3, 64, 64)."""
        return len(self), 3, SIDE_PX, SIDE_PX

    def __getitem__(self, indices: Tensor) -> Tensor:
        return paint(self.glyphs, self.layout.select(indices.numpy()))

    def read(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Return pictures, uint8 (M, 3, 64, 64), and the rows they are of, int64 (M,)."""
        return self[indices], indices

    def digests(self) -> np.ndarray:
        """Return what tells each scene from any other, uint8 (N, 32): of digits and layout."""
        start = hashlib.sha256(_VERSION + self.glyphs.fingerprint.encode())
        layout = self.layout
        columns = [layout.rows, layout.wording, layout.picture, layout.value, layout.ink]
        drawn = np.concatenate(
            [column.reshape(len(self), -1).view(np.uint64) for column in columns], axis=1
        )
        found = []
        for row in np.ascontiguousarray(drawn):
            total = start.copy()
            total.update(row.tobytes())
            found.append(total.digest())
        return np.frombuffer(b"".join(found), np.uint8).reshape(-1, 32)

    def select(self, indices: np.ndarray) -> "ScenePictures":
        """Return some of the pictures, int64 (M,)."""
        return ScenePictures(self.glyphs, self.layout.select(indices))

    def joined_with(self, other: "ScenePictures") -> "ScenePictures":
        """Return these pictures and then the others.

        Raises:
            DataError: they are made of other digits.
        """
        if self.glyphs is not other.glyphs:
            raise DataError("scenes can be joined where they are made of the same digits")
        return ScenePictures(self.glyphs, self.layout.joined_with(other.layout))


def paint(glyphs: Glyphs, layout: Layout) -> Tensor:
    """Return the scenes, uint8 (N, 3, 64, 64): digits over each other, the first lowest.

    All is in integers: the same glyphs make the same pixels on every machine.
    """
    count = len(layout)
    # Channels last: a pixel's colour is blended at once. The boxes of small digits are as large
    # as those of large ones, so some reach beyond the picture, with nothing in them.
    background = torch.from_numpy(layout.background)[:, None, None].int()
    canvas = background.expand(count, _CANVAS_PX, _CANVAS_PX, 3).contiguous()
    masks = _boxes(glyphs, layout)
    ink = torch.from_numpy(layout.ink).int()
    steps = torch.arange(_BOX_PX)
    left, top = torch.from_numpy(layout.left), torch.from_numpy(layout.top)
    for index in range(MOST_OBJECTS):
        rows = torch.from_numpy(layout.count > index).nonzero()[:, 0]
        down = (top[rows, index, None] + steps)[:, :, None]
        across = (left[rows, index, None] + steps)[:, None, :]
        where = (rows[:, None, None], down, across)
        share = masks[rows, index, :, :, None].int()
        beneath = canvas[where]
        blended = beneath * (255 - share) + ink[rows, index, None, None] * share
        canvas[where] = (blended + 127) // 255
    inside = canvas[:, :SIDE_PX, :SIDE_PX].to(torch.uint8)
    return inside.permute(0, 3, 1, 2).contiguous()


def _boxes(glyphs: Glyphs, layout: Layout) -> Tensor:
    """Return the ink of each object, uint8 (N, 3, 26, 26), from the box's left and top corner."""
    boxes = torch.zeros(len(layout), MOST_OBJECTS, _BOX_PX, _BOX_PX, dtype=torch.uint8)
    digits = torch.from_numpy(glyphs.choose(layout.value, layout.picture))
    sizes = torch.from_numpy(layout.size)
    for number, (mask, side) in enumerate(zip(glyphs.masks, SIZES.values(), strict=True)):
        rows, objects = (sizes == number).nonzero(as_tuple=True)
        boxes[rows, objects, :side, :side] = mask[digits[rows, objects]]
    return boxes
