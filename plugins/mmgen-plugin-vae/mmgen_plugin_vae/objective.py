"""Bounds on log p(x), as pure functions of what a pass gives."""

import math

import torch
from torch import Tensor


def negative_elbo(
    log_likelihood: Tensor, divergences: Tensor, *, kl_weight: float, free_bits: float
) -> Tensor:
    """Return -E[log p(x | z)] + β Σ_g max(λ, KL_g), averaged over the pictures.

    Kingma and Welling 2013, equation 8; β: Higgins et al. 2017; free bits λ per group of latents,
    a layer or a channel, on the batch's mean: Kingma et al. 2016, appendix C.8.

    Args:
        log_likelihood: log p(x | z) in nats, (N,).
        divergences: KL(q || p) per group in nats, (G, N).
        kl_weight: β.
        free_bits: λ in nats per group.
    """
    per_group = divergences.mean(dim=1)
    if free_bits > 0:
        per_group = per_group.clamp(min=free_bits)
    return -log_likelihood.mean() + kl_weight * per_group.sum()


def negative_importance_bound(
    log_likelihood: Tensor, log_ratio: Tensor, num_samples: int, *, kl_weight: float
) -> Tensor:
    """Return -log 1/k Σ_j p(x | z_j) p(z_j) / q(z_j | x), averaged over the pictures.

    Burda et al. 2016, equation 8.

    Args:
        log_likelihood: log p(x | z) in nats, (N · k,), the k draws of a picture in a row.
        log_ratio: log p(z) - log q(z | x) in nats, (N · k,).
        num_samples: k.
        kl_weight: tempers the ratio while training warms up; 1 is the bound.
    """
    weights = (log_likelihood + kl_weight * log_ratio).view(-1, num_samples)
    return (math.log(num_samples) - torch.logsumexp(weights, dim=1)).mean()


def warmed_up(weight: float, step: int, warmup_steps: int) -> float:
    """Return the weight at a step: it grows linearly from 0 (Sønderby et al. 2016, section 3.2)."""
    return weight if warmup_steps == 0 else weight * min(1.0, step / warmup_steps)
