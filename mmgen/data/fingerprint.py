"""What tells the columns of a data set from others, as sha256."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from mmgen.data.choices import Choices
from mmgen.data.lazy import PicturesOnRead


def digest(*parts: bytes) -> bytes:
    """Return the sha256 of parts, which tells where each of them ends."""
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "little") + part)
    return total.digest()


def digest_pictures(images: Tensor | PicturesOnRead) -> bytes:
    """Return the sha256 of pixels, or of what tells pictures apart that are decoded when read."""
    if isinstance(images, Tensor):
        return hashlib.sha256(images.cpu().contiguous().numpy().data).digest()
    return digest(images.digests().tobytes())


def digest_choices(column: Choices) -> bytes:
    """Return the sha256 of which values which rows may have."""
    arrays = (column.members, column.starts, column.groups)
    return digest(*(array.astype("<i8").tobytes() for array in arrays))


def digest_column(name: str, column: Tensor | Sequence[Any]) -> bytes:
    """Return the sha256 of a column's name and values: a tensor, or what JSON can tell."""
    if isinstance(column, Tensor):
        kind = f"{column.dtype} {tuple(column.shape)}".encode()
        values = column.cpu().contiguous().view(torch.uint8).numpy().tobytes()
        return digest(name.encode(), kind, values)
    return digest(name.encode(), json.dumps(list(column), default=_plain).encode())


def _plain(value: Any) -> Any:
    """Return a value that JSON has no word for as one that it has."""
    return value.tolist() if hasattr(value, "tolist") else str(value)
