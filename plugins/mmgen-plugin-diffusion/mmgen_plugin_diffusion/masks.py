"""Masks to learn inpainting from, and masks at the size of latents."""

import torch
import torch.nn.functional as F
from torch import Tensor

from mmgen.interfaces import Noise

_STROKES = 4
_LEAST, _MOST = 0.15, 0.7
_THIN, _THICK = 0.04, 0.14


def random_masks(rng: Noise, sides: tuple[int, int], rows: Tensor) -> Tensor:
    """Return masks (M, 1, H, W), 1 = paint here: rectangles, all but a rectangle, or strokes.

    As in the trainings of Suvorov et al. 2022, section 3.3, drawn on the device for all pictures at
    once.

    Args:
        rng: of N pictures.
        rows: int64 (M,), which of them get a mask; where they lie is the device.
    """

    def draw(shape: tuple[int, ...], stream: str) -> Tensor:
        return rng.uniform(shape, stream=f"masks/{stream}").to(rows.device)[rows]

    kind = draw((1, 1, 1), "kind")
    boxes = _rectangles(draw((4,), "boxes"), sides)
    points, widths = draw((_STROKES + 1, 2), "points"), draw((1,), "widths")
    strokes = _strokes(points, _THIN + (_THICK - _THIN) * widths, sides)
    outer = torch.where(kind < 0.8, 1 - boxes, strokes)
    return torch.where(kind < 0.5, boxes, outer)


def _rectangles(numbers: Tensor, sides: tuple[int, int]) -> Tensor:
    """Return one rectangle each, (N, 1, H, W); numbers (N, 4) say its sides and where it is."""
    lengths = _LEAST + (_MOST - _LEAST) * numbers[:, :2]
    starts = numbers[:, 2:] * (1 - lengths)
    inside = []
    for axis, side in enumerate(sides):
        place = (torch.arange(side, device=numbers.device) + 0.5) / side
        start, end = starts[:, axis, None], (starts + lengths)[:, axis, None]
        inside.append((place >= start) & (place < end))
    return (inside[0][:, None, :, None] & inside[1][:, None, None, :]).float()


def _strokes(points: Tensor, widths: Tensor, sides: tuple[int, int]) -> Tensor:
    """Return lines of some width through points (N, P, 2) in [0, 1], (N, 1, H, W)."""
    rows, columns = ((torch.arange(side, device=points.device) + 0.5) / side for side in sides)
    pixels = torch.stack(torch.meshgrid(rows, columns, indexing="ij"), dim=2).view(-1, 1, 2)
    start, way = points[:, None, :-1], points[:, None, 1:] - points[:, None, :-1]
    along = ((pixels - start) * way).sum(-1) / way.square().sum(-1).clamp(min=1e-6)
    nearest = start + along.clamp(0, 1)[..., None] * way
    distance = (pixels - nearest).norm(dim=-1).amin(dim=-1)
    return (distance < widths).float().view(-1, 1, *sides)


def shrink(mask: Tensor, sides: tuple[int, int]) -> Tensor:
    """Return how much of each place of a smaller map is to be painted, (N, 1, h, w) in [0, 1]."""
    return mask if tuple(mask.shape[2:]) == sides else F.adaptive_avg_pool2d(mask, sides)


def without_hole(images: Tensor, mask: Tensor) -> Tensor:
    """Return images (N, C, H, W) with grey in place of what the mask leaves out."""
    return torch.where(mask > 0.5, torch.full_like(images, 0.5), images)


def with_even_hole(images: Tensor, mask: Tensor) -> Tensor:
    """Return images with the mean of the known pixels in place of what the mask leaves out."""
    known = (mask <= 0.5).to(images.dtype)
    mean = (images * known).sum(dim=(2, 3), keepdim=True) / known.sum(dim=(2, 3), keepdim=True)
    return torch.where(mask > 0.5, mean, images)
