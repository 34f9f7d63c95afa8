"""Which times are learned from, and which are gone through."""

import torch
from torch import Tensor

from mmgen_plugin_diffusion.objectives import first_time
from mmgen_plugin_diffusion.options import DiffusionTraining


def spread(places: Tensor) -> Tensor:
    """Return numbers (N,) in (0, 1) that together cover the interval evenly, each uniform.

    The low-discrepancy sampler of Kingma et al. 2021, appendix I.1: the loss of a batch varies
    less.

    Args:
        places: (N,), uniform in (0, 1); the first of them shifts all.
    """
    count = len(places)
    steps = torch.arange(count, device=places.device) / count
    return ((places[:1] + steps) % 1).clamp(1e-5, 1 - 1e-5)


def training_times(shares: Tensor, options: DiffusionTraining, objective: str) -> Tensor:
    """Return the times at which the distribution of times has reached some shares, 0 to 1.

    "logit-normal": Esser et al. 2024, equation 19.
    """
    if options.times == "uniform":
        return shares * first_time(objective)
    logits = options.times_mean + options.times_std * torch.special.ndtri(shares.double())
    return torch.sigmoid(logits).to(shares.dtype) * first_time(objective)


def sampling_times(steps: int, *, start: float, shift: float) -> list[float]:
    """Return steps + 1 falling times from `start` to 0.

    Shifted as in Esser et al. 2024, equation 23: with shift s a time t becomes s·t / (1 + (s-1)·t).
    `start` itself stays.
    """
    even = [1 - step / steps for step in range(steps + 1)]
    shifted = [min(1.0, shift * t / (1 + (shift - 1) * t)) for t in even]
    return [start * t for t in shifted]
