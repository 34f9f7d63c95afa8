"""Latent vectors: drawn from the whole normal distribution or its middle, and ways between them."""

import math

import torch
from torch import Tensor

from mmgen.interfaces import Noise


def draw_latents(rng: Noise, dim: int, truncation: float | None) -> Tensor:
    """Return latents (N, dim) from N(0, I); with truncation from where |z| is at most that.

    Brock et al. 2019, section 3.1: the distribution that drawing again until all fit would give.
    """
    if truncation is None:
        return rng.normal((dim,), stream="latents")
    share = math.erf(truncation / math.sqrt(2))  # of the distribution that is left
    inside = rng.uniform((dim,), stream="latents").double()
    return torch.special.ndtri(0.5 + share * (inside - 0.5)).float()


def great_circle(a: Tensor, b: Tensor, shares: Tensor) -> Tensor:
    """Return latents (T, dim) from a to b, each (dim,), at shares (T,) of the way.

    Along a circle, with lengths that go evenly from one to the other (White 2016): on a straight
    line latents would be shorter than any that the generator has seen.
    """
    lengths = torch.lerp(a.norm(), b.norm(), shares)
    direction, other = a / a.norm().clamp_min(1e-12), b / b.norm().clamp_min(1e-12)
    angle = torch.dot(direction, other).clamp(-1, 1).arccos()
    if angle < 1e-4 or angle > math.pi - 1e-4:  # no plane, or every one, lies between them
        return torch.lerp(a, b, shares[:, None])
    at = angle * shares[:, None]
    turned = torch.sin(angle - at) * direction + torch.sin(at) * other
    return lengths[:, None] * turned / torch.sin(angle)
