"""The door: whatever people bring, turned into the tensor contract.

Each reader is `read(value, slot, size) -> contract values` for K >= 1 values; a modality names
its reader, so a plugin can bring a kind of input of its own.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mmgen.errors import InputError
from mmgen.media.pictures import to_contract
from mmgen.slots import Size, Slot


def read_labels(value: Any, slot: Slot, size: Size) -> Tensor:  # noqa: ARG001
    """Return int64 (K,) for one or several class names or numbers.

    Raises:
        InputError: a name or number that is not one of the classes.
    """
    if isinstance(value, Tensor | np.ndarray):
        if value.ndim > 1:
            raise InputError(f"{slot.name!r} takes one class or a row; got {tuple(value.shape)}")
        value = value.reshape(-1).tolist()
    many = value if isinstance(value, list | tuple | range) else [value]
    if not many:
        raise InputError(f"{slot.name!r} got an empty list; give at least one class")
    return torch.tensor([slot.class_number(item) for item in many], dtype=torch.int64)


def read_texts(value: Any, slot: Slot, size: Size) -> list[str]:  # noqa: ARG001
    """Return a list of K texts.

    Raises:
        InputError: not text, nothing in it, or bytes that are no letters in UTF-8.
    """
    many = list(value) if isinstance(value, list | tuple) else [value]
    for text in many:
        if not isinstance(text, str) or not text.strip():
            raise InputError(f"{slot.name!r} takes text that is not empty; got {text!r}")
        if any("\ud800" <= sign <= "\udfff" for sign in text):  # how Python holds such bytes
            raise InputError(f"{slot.name!r} takes text in UTF-8; got {text!r}")
    if not many:
        raise InputError(f"{slot.name!r} got an empty list; give at least one text")
    return many


def read_images(value: Any, slot: Slot, size: Size) -> Tensor:
    """Return float32 (K, C, H, W) in [0, 1], brought to the model's size.

    Raises:
        InputError: cannot be read, or has a size that the model does not take.
    """
    images = to_contract(value, size.channels)
    return _fit(images, slot, size, mode="area" if _shrinks(images, size) else "bicubic")


def read_masks(value: Any, slot: Slot, size: Size) -> Tensor:
    """Return float32 (K, 1, H, W): 1 where to paint (white), 0 where to keep (black).

    Raises:
        InputError: cannot be read, or has a size that the model does not take.
    """
    masks = _fit(to_contract(value, 1), slot, size, mode="nearest")
    return (masks > 0.5).to(torch.float32)


def _shrinks(images: Tensor, size: Size) -> bool:
    return images.shape[-2] > size.height or images.shape[-1] > size.width


def _fit(images: Tensor, slot: Slot, size: Size, mode: str) -> Tensor:
    if not size.accept(images.shape[-2], images.shape[-1], slot.name):
        return images
    settings = {"align_corners": False} if mode == "bicubic" else {}
    resized = functional.interpolate(images, (size.height, size.width), mode=mode, **settings)
    return resized.clamp(0, 1)
