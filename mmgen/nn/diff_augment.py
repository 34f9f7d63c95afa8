"""Differentiable augmentation for adversarial training with little data: Zhao et al. 2020.

Real and generated pictures are changed in the same way before the discriminator sees them, in its
phase and in the generator's, so that the changes do not become part of what is generated.
"""

from collections.abc import Collection

import torch
from torch import Tensor

from mmgen.interfaces.noise import Noise

POLICIES = ("colour", "translation", "cutout")
_FARTHEST = 0.125  # of the sides
_HOLE = 0.5  # of the sides


def diff_augment(images: Tensor, rng: Noise, policies: Collection[str]) -> Tensor:
    """Change pictures at random, each in a way of its own, differentiably.

    Args:
        images: (N, C, H, W) in [-1, 1]; what is uncovered or cut out is 0.
        policies: of `POLICIES`; applied in that order.
    """
    changes = {"colour": _colour, "translation": _translation, "cutout": _cutout}
    for name in POLICIES:
        if name in policies:
            images = changes[name](images, rng)
    return images


def _colour(images: Tensor, rng: Noise) -> Tensor:
    """Brightness ± 0.5, saturation × 0 to 2, contrast × 0.5 to 1.5."""
    draws = rng.uniform((3, 1, 1, 1), stream="augment/colour").to(images)
    brightness, saturation, contrast = draws.unbind(dim=1)
    images = images + (brightness - 0.5)
    if images.shape[1] > 1:
        grey = images.mean(dim=1, keepdim=True)
        images = torch.lerp(grey, images, 2 * saturation)
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    return torch.lerp(mean, images, contrast + 0.5)


def _translation(images: Tensor, rng: Noise) -> Tensor:
    """Whole pixels, up to an eighth of the sides either way."""
    draws = rng.uniform((2,), stream="augment/translation").to(images.device)
    for axis, draw in zip((2, 3), draws.unbind(dim=1), strict=True):
        images = _moved(images, axis, draw)
    return images


def _moved(images: Tensor, axis: int, draw: Tensor) -> Tensor:
    length = images.shape[axis]
    farthest = int(length * _FARTHEST + 0.5)
    moves = (draw * (2 * farthest + 1)).long() - farthest
    places = torch.arange(length, device=images.device) + moves[:, None]
    shape = [len(images), 1, 1, 1]
    shape[axis] = length
    outside = ((places < 0) | (places >= length)).view(shape)
    places = places.clamp(0, length - 1).view(shape).expand_as(images)
    return images.gather(axis, places).masked_fill(outside, 0)


def _cutout(images: Tensor, rng: Noise) -> Tensor:
    """A rectangle of half the sides, anywhere, in part also outside."""
    draws = rng.uniform((2, 1, 1, 1), stream="augment/cutout").to(images.device)
    rows, columns = (
        _within_hole(images.shape[axis], draw)
        for axis, draw in zip((2, 3), draws.unbind(dim=1), strict=True)
    )
    return images.masked_fill(rows.mT & columns, 0)


def _within_hole(length: int, draw: Tensor) -> Tensor:
    """Return bool (N, 1, 1, length)."""
    side = int(length * _HOLE + 0.5)
    middle = (draw * (length + 1 - side % 2)).long()
    first = middle - side // 2
    places = torch.arange(length, device=draw.device)
    return (places >= first) & (places < first + side)
