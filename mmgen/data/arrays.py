"""Arrays of pixels in whatever layout, to the one that is kept: uint8 (N, C, H, W)."""

import math

import numpy as np
import torch
from torch import Tensor

from mmgen.errors import DataError

_CHANNELS = (1, 3, 4)
Shape = tuple[int, ...]


def to_pictures(array: np.ndarray, *, image_shape: Shape | None, where: str) -> Tensor:
    """Return pictures as uint8 (N, C, H, W), 0 to 255.

    Args:
        array: (N, H, W), (N, H, W, C) or (N, C, H, W) with C 1, 3 or 4; or flat rows (N, C*H*W);
            or rows of packed bits (N, ceil(C*H*W / 8)), the most significant bit first. Integers
            0 … 255, booleans, bits {0, 1} or floating-point numbers in [0, 1].
        image_shape: (C, H, W); required for flat and packed rows.
        where: the array's name, for messages.
    Raises:
        DataError: a shape, type or range that is none of these.
    """
    if array.dtype == object:
        raise DataError(f"{where} holds Python objects; pictures are arrays of numbers")
    if not array.size:
        raise DataError(f"{where} is empty, shape {array.shape}; pictures are (N, height, width)")
    if image_shape is not None and _is_packed(array, image_shape):
        bits = np.unpackbits(array, axis=1, count=math.prod(image_shape))
        return torch.from_numpy(bits.reshape(-1, *image_shape)).mul_(255)
    pixels = torch.from_numpy(_to_8_bit(array, where))
    return _arrange(pixels, image_shape, where).contiguous()


def _is_packed(array: np.ndarray, image_shape: Shape) -> bool:
    size = math.prod(image_shape)
    return array.dtype == np.uint8 and array.ndim == 2 and array.shape[1] == -(-size // 8) < size


def _arrange(pixels: Tensor, image_shape: Shape | None, where: str) -> Tensor:
    if pixels.ndim == 2:
        return _unflatten(pixels, image_shape, where)
    shape = tuple(pixels.shape[1:])
    candidates = {}
    if len(shape) == 2:
        candidates[1, *shape] = pixels.unsqueeze(1)
    elif len(shape) == 3 and shape[2] in _CHANNELS:
        candidates[shape[2], shape[0], shape[1]] = pixels.permute(0, 3, 1, 2)
    if len(shape) == 3 and shape[0] in _CHANNELS:
        candidates.setdefault(shape, pixels)
    if image_shape is None and len(candidates) == 1:
        return next(iter(candidates.values()))
    if image_shape in candidates:
        return candidates[image_shape]
    expected = "" if image_shape is None else f" as image_shape={_comma(image_shape)} asks"
    options = " or ".join(_comma(candidate) for candidate in candidates)
    raise DataError(
        f"pictures are (N, height, width), (N, height, width, channels) or (N, channels, height, "
        f"width) with 1, 3 or 4 channels{expected}; {where} is {tuple(pixels.shape)}"
        + (f"; set image_shape={options}" if options else "")
    )


def _unflatten(rows: Tensor, image_shape: Shape | None, where: str) -> Tensor:
    length = rows.shape[1]
    if image_shape is not None and math.prod(image_shape) == length:
        return rows.reshape(-1, *image_shape)
    guess = next((shape for size in (length, 8 * length) for shape in _squares(size)), None)
    advice = f"as image_shape={_comma(guess)}" if guess else "image_shape=channels,height,width"
    if image_shape is None:
        raise DataError(
            f"the shape of pictures in flat rows must be given; {where} has rows of {length} "
            f"values; set it, {advice}" + (" (packed bits)" if _is_bits(guess, length) else "")
        )
    raise DataError(
        f"image_shape={_comma(image_shape)} needs rows of {math.prod(image_shape)} values or "
        f"{-(-math.prod(image_shape) // 8)} bytes of packed bits; {where} has rows of {length}"
    )


def _is_bits(shape: Shape | None, length: int) -> bool:
    return shape is not None and math.prod(shape) == 8 * length


def _squares(size: int) -> list[Shape]:
    sides = [(channels, math.isqrt(size // channels)) for channels in _CHANNELS]
    return [(c, side, side) for c, side in sides if side > 1 and c * side * side == size]


def _to_8_bit(array: np.ndarray, where: str) -> np.ndarray:
    low, high = array.min(), array.max()
    if array.dtype == bool or (np.issubdtype(array.dtype, np.integer) and (low, high) == (0, 1)):
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype == np.uint8:
        return array
    if np.issubdtype(array.dtype, np.integer) and low >= 0 and high <= 255:
        return array.astype(np.uint8)
    if np.issubdtype(array.dtype, np.floating) and low >= 0 and high <= 1:
        return np.rint(array * array.dtype.type(255)).astype(np.uint8)
    raise DataError(
        f"pixels are integers 0 to 255 or floating-point numbers in [0, 1]; {where} is "
        f"{array.dtype} from {low} to {high}; scale it and save it again"
    )


def _comma(shape: Shape) -> str:
    return ",".join(map(str, shape))
