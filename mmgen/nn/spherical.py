"""Ways between vectors that are drawn from a normal distribution."""

import math

import torch
from torch import Tensor


def spherical(a: Tensor, b: Tensor, weights: Tensor) -> Tensor:
    """Return vectors (S, *shape) on the arc from a to b, both (*shape): Shoemake 1985.

    On a straight line vectors would be shorter than any that the distribution gives (White 2016).
    Where the two point the same way or to opposite sides, or one is nothing, the arc is a
    straight line.
    """
    cosine = torch.dot(a.flatten(), b.flatten()) / (a.norm() * b.norm()).clamp(min=1e-12)
    angle = torch.acos(cosine.clamp(-1, 1))
    weights = weights.view(-1, *(1,) * a.ndim)
    straight = torch.lerp(a[None], b[None], weights)
    arc = (torch.sin((1 - weights) * angle) * a + torch.sin(weights * angle) * b) / torch.sin(angle)
    is_flat = (angle < 1e-3) | (angle > math.pi - 1e-3)
    return torch.where(is_flat, straight, arc)
