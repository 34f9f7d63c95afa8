"""Pictures of any size and channels, brought to those that a network takes."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from mmgen.errors import InputError

_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, as in Pillow's "L"


def fit_pictures(
    images: Tensor | Sequence[Tensor] | Any, channels: int, height: int, width: int
) -> Tensor:
    """Return float32 (N, channels, height, width) in [0, 1].

    Scaled with a cubic filter that averages where it shrinks; the shape of the picture is not
    kept. Grey becomes colour by repetition, colour grey by its luma; what is transparent is white.

    Args:
        images: floats (N, C, H, W) in [0, 1], or a list of (C, H, W) of unequal sizes.
        channels: 1 or 3.
        height, width: px.

    Raises:
        InputError: no pictures, or not floats of three or four axes.
    """
    if not isinstance(images, Tensor):
        if not len(images):
            raise InputError("pictures to embed: give at least one")
        return torch.cat([fit_pictures(one[None], channels, height, width) for one in images])
    if images.ndim != 4 or images.shape[1] not in (1, 3, 4) or not images.is_floating_point():
        raise InputError(
            "pictures are floats (N, C, H, W) in [0, 1] with 1, 3 or 4 channels; got "
            f"{images.dtype} {tuple(images.shape)}"
        )
    images = _with_channels(images.float(), channels)
    if images.shape[-2:] == (height, width):
        return images
    scaled = functional.interpolate(images, (height, width), mode="bicubic", antialias=True)
    return scaled.clamp(0, 1)


def _with_channels(images: Tensor, channels: int) -> Tensor:
    if images.shape[1] == 4:
        colour, alpha = images[:, :3], images[:, 3:]
        images = colour * alpha + (1 - alpha)
    if images.shape[1] == channels:
        return images
    if channels == 3:
        return images.expand(-1, 3, -1, -1)
    luma = images.new_tensor(_LUMA).view(1, 3, 1, 1)
    return (images * luma).sum(dim=1, keepdim=True)
