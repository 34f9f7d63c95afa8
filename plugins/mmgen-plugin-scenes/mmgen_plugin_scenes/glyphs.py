"""Digits of a grey, labelled set, cut to their ink and brought to the sizes of scenes."""

from dataclasses import dataclass
from weakref import WeakValueDictionary

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mmgen.data import PictureData
from mmgen.errors import DataError
from mmgen_plugin_scenes.vocabulary import NUM_VALUES, SIZES

_FAINT = 0.2  # of the brightest pixel: what is darker is not ink
_AT_ONCE = 8192
VALUES = tuple(map(str, range(NUM_VALUES)))


@dataclass(frozen=True, eq=False)
class Glyphs:
    """M digits at each size.

    Attributes:
        masks: for each of SIZES, how much ink there is, uint8 (M, side, side).
        order: the M digits sorted by value, int64 (M,).
        first: where each value begins in `order`, int64 (11,).
        fingerprint: of the set that they were made from.
    """

    masks: tuple[Tensor, ...]
    order: np.ndarray
    first: np.ndarray
    fingerprint: str

    def choose(self, value: np.ndarray, number: np.ndarray) -> np.ndarray:
        """Return the digits, int64, that hashed numbers (uint64) choose for values (int64)."""
        counts = (self.first[1:] - self.first[:-1])[value].astype(np.uint64)
        return self.order[self.first[value] + (number % counts).astype(np.int64)]


_kept: WeakValueDictionary[str, Glyphs] = WeakValueDictionary()


def make_glyphs(data: PictureData) -> Glyphs:
    """Return the digits of a set; those of a set that is still in use are not made again.

    Raises:
        DataError: the set is no grey, labelled one of the classes 0 to 9, or is too large for the
            memory.
    """
    data = _check(data)
    found = _kept.get(data.fingerprint)
    if found is None:
        assert data.labels is not None
        labels = data.labels.cpu().numpy()
        assert isinstance(data.images, Tensor)
        found = Glyphs(
            masks=_resize(data.images[:, 0].cpu()),
            order=np.argsort(labels, kind="stable"),
            first=np.searchsorted(np.sort(labels), np.arange(NUM_VALUES + 1)),
            fingerprint=data.fingerprint,
        )
        _kept[data.fingerprint] = found
    return found


def _check(data: PictureData) -> PictureData:
    if data.labels is None:
        raise DataError(
            f"scenes are made of labelled digits; {data.name} has no labels: set data.base to a "
            "set that has, as MNIST's own files"
        )
    data = data.with_labels(VALUES)
    if data.images.shape[1] != 1 or not isinstance(data.images, Tensor):
        what = f"{data.images.shape[1]} channels" if isinstance(data.images, Tensor) else "too many"
        raise DataError(
            f"scenes are made of grey digits that fit into the memory; {data.name} has {what}"
        )
    assert data.labels is not None
    counts = data.labels.bincount(minlength=NUM_VALUES)
    if bool((counts == 0).any()):
        missing = int((counts == 0).nonzero()[0])
        raise DataError(f"scenes need pictures of every digit; {data.name} has no {missing}")
    return data


def _resize(pictures: Tensor) -> tuple[Tensor, ...]:
    """Cut pictures, uint8 (M, H, W), to their ink and scale them to each of SIZES."""
    side, left, top = _ink_boxes(pictures)
    masks = [torch.zeros(len(pictures), px, px, dtype=torch.uint8) for px in SIZES.values()]
    for length in side.unique().tolist():
        for rows in (side == length).nonzero()[:, 0].split(_AT_ONCE):
            cut = _cut(pictures, rows, left[rows], top[rows], length).float()
            bright = cut.amax(dim=(1, 2), keepdim=True).clamp_min(1)
            cut = (cut * (255 / bright))[:, None]
            for mask, px in zip(masks, SIZES.values(), strict=True):
                scaled = F.interpolate(cut, (px, px), mode="bicubic", antialias=True)
                mask[rows] = scaled[:, 0].round_().clamp_(0, 255).to(torch.uint8)
    return tuple(masks)


def _ink_boxes(pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return side, left and top of the square around each picture's ink, int64 (M,).

    Where it reaches beyond the picture, there is nothing.
    """
    bright = pictures.amax(dim=(1, 2), keepdim=True)
    ink = pictures > (bright * _FAINT)
    ends = []
    for axis in (1, 2):  # over rows: where the ink is from left to right; then from top to bottom
        there = ink.any(dim=axis)
        length = there.shape[1]
        first = there.int().argmax(dim=1)
        last = length - there.flip(1).int().argmax(dim=1)
        ends.append((first, last))
    (left, right), (top, bottom) = ends
    side = torch.maximum(right - left, bottom - top)
    return (
        side,
        (left + right - side).div(2, rounding_mode="floor"),
        (top + bottom - side).div(2, rounding_mode="floor"),
    )


def _cut(pictures: Tensor, rows: Tensor, left: Tensor, top: Tensor, side: int) -> Tensor:
    """Return squares (R, side, side) of pictures (M, H, W); black where they reach beyond."""
    padded = F.pad(pictures[rows], (side, side, side, side))
    steps = torch.arange(side)
    down = (top[:, None] + side + steps)[:, :, None]
    across = (left[:, None] + side + steps)[:, None, :]
    return padded[torch.arange(len(rows))[:, None, None], down, across]
