"""Latent vectors, drawn from the whole normal distribution or its middle."""

import math

import torch
from torch import Tensor

from mmgen.interfaces.noise import Noise


def draw_latents(
    rng: Noise, dim: int, truncation: float | None, *, stream: str = "latents"
) -> Tensor:
    """Return latents (N, dim) from N(0, I); with truncation from where |z| is at most that.

    Brock et al. 2019, section 3.1: the distribution that drawing again until all fit would give.
    """
    if truncation is None:
        return rng.normal((dim,), stream=stream)
    share = math.erf(truncation / math.sqrt(2))  # of the distribution that is left
    inside = rng.uniform((dim,), stream=stream).double()
    return torch.special.ndtri(0.5 + share * (inside - 0.5)).float()
