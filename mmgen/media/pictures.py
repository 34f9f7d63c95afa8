"""Between the tensor contract, 8-bit pixels and Pillow."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from mmgen.errors import InputError
from mmgen.media.decoding import convert_mode, decode_picture


def to_tensor(picture: Image.Image) -> Tensor:
    """Return uint8 (C, H, W)."""
    pixels = np.array(picture)
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()


def to_bytes(images: Tensor) -> np.ndarray:
    """Return uint8 pixels (N, H, W, C), or (N, H, W) for grey, of images (N, C, H, W) in [0, 1].

    The nearest of the 256 values is taken.
    """
    pixels = images.mul(255).round_().clamp_(0, 255).to(torch.uint8)
    pixels = pixels.permute(0, 2, 3, 1)
    return (pixels[..., 0] if pixels.shape[-1] == 1 else pixels).contiguous().numpy()


def to_pil(pixels: np.ndarray) -> Image.Image:
    """Return the picture of uint8 (H, W) or (H, W, C)."""
    return Image.fromarray(pixels)


def grid_layout(count: int, columns: int | None = None) -> tuple[int, int]:
    """Return (columns, rows) of a grid for that many pictures, as square as may be.

    A full grid is preferred to one with gaps where it is at most 2.5 times as wide as high.
    """
    if columns is None:
        square = math.ceil(math.sqrt(count))
        widest = math.isqrt(count * 5 // 2)
        columns = next((wide for wide in range(square, widest + 1) if count % wide == 0), square)
    columns = min(columns, count)
    return columns, math.ceil(count / columns)


def tile(pixels: np.ndarray, columns: int | None = None, padding: int = 2) -> np.ndarray:
    """Lay pictures uint8 (N, H, W[, C]) out in a grid, row by row, on black.

    Args:
        columns: None makes the grid as square as may be.
        padding: px between the pictures; there is none around them.
    """
    count, height, width = pixels.shape[:3]
    columns, rows = grid_layout(count, columns)
    size = (rows * (height + padding) - padding, columns * (width + padding) - padding)
    sheet = np.zeros((*size, *pixels.shape[3:]), dtype=np.uint8)
    if sheet.ndim == 3 and sheet.shape[2] == 4:
        sheet[..., 3] = 255
    for index, picture in enumerate(pixels):
        top = index // columns * (height + padding)
        left = index % columns * (width + padding)
        sheet[top : top + height, left : left + width] = picture
    return sheet


def to_contract(value: Any, channels: int) -> Tensor:
    """Turn one picture or several, in any usual form, into float32 (K, C, H, W) in [0, 1].

    Takes a path, bytes, a PIL picture; a numpy array (H, W), (H, W, C) or (N, H, W, C) of uint8
    or of floats in [0, 1]; a tensor (H, W), (C, H, W) or (N, C, H, W), likewise; or a list of
    these.

    Raises:
        InputError: another type, unequal sizes, or values out of range.
    """
    if isinstance(value, list | tuple):
        pictures = [to_contract(item, channels) for item in value]
        sizes = {tuple(picture.shape[-2:]) for picture in pictures}
        if len(sizes) > 1:
            listed = ", ".join(f"{width}×{height}" for height, width in sorted(sizes))
            raise InputError(f"pictures given together must have one size; got {listed}")
        if not pictures:
            raise InputError("a list of pictures must not be empty")
        return torch.cat(pictures)
    if isinstance(value, str | Path | bytes):
        value = decode_picture(value, channels)
    if isinstance(value, Image.Image):
        value = to_tensor(convert_mode(value, channels))
    elif isinstance(value, np.ndarray):
        value = _from_array(value)
    if not isinstance(value, Tensor):
        raise InputError(
            f"a picture is a path, bytes, PIL picture, array or tensor; got {type(value).__name__}"
        )
    return _scaled(_batched(value), channels)


def _from_array(array: np.ndarray) -> Tensor:
    """Return a tensor ([N,] C, H, W) or (H, W) for an array with its channels last."""
    if array.dtype.kind not in "biuf":
        raise InputError(f"pixels are uint8, or floats in [0, 1]; got an array of {array.dtype}")
    # A copy: the caller's array may change, or be read-only, of another byte order, strided.
    tensor = torch.from_numpy(array.astype(array.dtype.newbyteorder("="), copy=True, order="C"))
    return tensor.movedim(-1, -3) if tensor.ndim in (3, 4) else tensor


def _batched(images: Tensor) -> Tensor:
    """Return a tensor with 4 axes and at least one pixel."""
    shape = tuple(images.shape)
    if not 2 <= images.ndim <= 4:
        raise InputError(f"a picture has 2 to 4 axes; got shape {shape}")
    if not images.numel():
        raise InputError(f"a picture has at least one pixel; got shape {shape}")
    return images.reshape(*([1] * (4 - images.ndim)), *shape)


def _scaled(images: Tensor, channels: int) -> Tensor:
    if images.dtype == torch.uint8:
        images = images.to(torch.float32) / 255
    elif images.dtype == torch.bool:
        images = images.to(torch.float32)
    elif not images.is_floating_point():
        raise InputError(f"pixels are uint8, or floats in [0, 1]; got {images.dtype}")
    images = images.to("cpu", torch.float32)
    if not bool(((images >= 0) & (images <= 1)).all()):
        raise InputError(
            f"float pixels lie in [0, 1]; got {images.min():.3g} to {images.max():.3g}; "
            "divide 8-bit values by 255"
        )
    if images.shape[1] == channels:
        return images
    if images.shape[1] == 1 and channels == 3:
        return images.expand(-1, 3, -1, -1)
    raise InputError(f"the model takes {channels} channels; got {images.shape[1]}")
