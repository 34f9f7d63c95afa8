"""The pictures that a metric looks at, checked against the model."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from mmgen.data import PictureData
from mmgen.errors import DataError, UnsupportedConditionError, did_you_mean
from mmgen.interfaces import Generator

_BLOCK = 4096


def choose_pictures(model: Generator, data: PictureData, num_images: int | None) -> PictureData:
    """Return the first pictures, all where `num_images` is None.

    Raises:
        DataError: they are not of the model's size and channels.
    """
    size = model.size
    _, channels, height, width = data.images.shape
    fits = (height, width) == (size.height, size.width)
    if size.multiple_of is not None:
        fits = height % size.multiple_of == 0 and width % size.multiple_of == 0
    if channels != size.channels or not fits:
        raise DataError(
            f"{model.title} is for pictures of {size}; {data.name} has {width}×{height} with "
            f"{channels} channels; set size and channels of the data"
        )
    if num_images is None or num_images >= len(data):
        return data
    return data.select(torch.arange(num_images))


def read_batch(
    model: Generator, data: PictureData, rows: Tensor, slots: Sequence[str]
) -> tuple[Tensor, dict[str, Any]]:
    """Return images (M, C, H, W) in [0, 1] and the slots' values, of rows int64 (M,).

    Raises:
        UnsupportedConditionError: the model has no such slot.
        DataError: the data has no such column.
    """
    known = [slot.name for slot in model.slots]
    for slot in slots:
        if slot not in known:
            raise UnsupportedConditionError(
                f"{model.title} has no slot {slot!r}{did_you_mean(slot, known)}; "
                f"it takes {', '.join(known) or 'no conditions'}"
            )
    batch = data.batch(rows, columns=slots)
    images: Tensor = batch.pop("target")
    return images, batch


def align_labels(model: Generator, data: PictureData, slots: Sequence[str]) -> PictureData:
    """Return the data with labels that count the model's classes, where a label is given."""
    classes = {slot.name: slot.classes for slot in model.slots}.get("label")
    return data.with_labels(classes) if "label" in slots and classes else data


def is_binary(data: PictureData) -> bool:
    """Return whether all pixels are black or white."""
    for rows in torch.arange(len(data)).split(_BLOCK):
        pixels = data.batch(rows, columns=())["target"]
        if not bool(((pixels == 0) | (pixels == 1)).all()):
            return False
    return True
