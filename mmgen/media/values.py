"""Values for an encoder, in any usual form: by the readers, but pictures of whatever sizes."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from mmgen.errors import InputError
from mmgen.families import load_reference
from mmgen.media.pictures import to_contract
from mmgen.plugins import manager
from mmgen.slots import Size, Slot

_NO_PICTURE = Size(channels=3, height=1, width=1)


def read_values(slot: Slot, value: Any, channels: int = 3) -> Any:
    """Return K >= 1 contract values of a slot; pictures (K, C, H, W), or a list of unequal shapes.

    A generator's pictures must have its size; an encoder brings what it is given to its own.

    Args:
        value: one value or a list, in any form that the modality's reader takes.
        channels: that pictures in files are decoded to; arrays and tensors keep theirs.

    Raises:
        InputError: a value that cannot be read.
    """
    if slot.modality == "image":
        return _read_pictures(value, channels)
    read = load_reference(manager().modality(slot.modality).reader)
    return read(value, slot, _NO_PICTURE)


def _read_pictures(value: Any, channels: int) -> Tensor | list[Tensor]:
    many = value if isinstance(value, list | tuple) else [value]
    if not many:
        raise InputError("a list of pictures must not be empty")
    read = [to_contract(item, _channels(item, channels)) for item in many]
    pictures = [one for item in read for one in item]
    if len({picture.shape for picture in pictures}) > 1:
        return pictures
    return read[0] if len(read) == 1 else torch.stack(pictures)


def _channels(item: Any, channels: int) -> int:
    """Return the channels of an array or tensor, else those wanted."""
    if isinstance(item, str | Path | bytes | Image.Image):
        return channels
    shape = tuple(getattr(item, "shape", ()))
    if len(shape) < 3:
        return 1 if shape else channels
    return int(shape[-1] if isinstance(item, np.ndarray) else shape[-3])
