"""What a denoiser predicts: the way from data to noise, and what is read from a prediction.

A noisy sample at time t, 0 for data and 1 for noise, is x_t = α(t) x + σ(t) ε. All functions take
times of any shape that broadcasts with the samples.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

_LAST_COSINE = 0.995
"""Where predicted noise starts: at time 1 the data could not be read from it (α = 0)."""


@dataclass(frozen=True)
class Prediction:
    """What a denoiser says of noisy samples: the data and the noise that they are made of."""

    data: Tensor
    noise: Tensor


def coefficients(objective: str, times: Tensor) -> tuple[Tensor, Tensor]:
    """Return α and σ at some times.

    "flow": the straight line of Lipman et al. 2023, equation 20, and Liu et al. 2023, equation 1.
    "v", "noise": the cosine schedule (Nichol and Dhariwal 2021, equation 17), without its offset.
    """
    if objective == "flow":
        return 1 - times, times
    return torch.cos(times * (math.pi / 2)), torch.sin(times * (math.pi / 2))


def first_time(objective: str) -> float:
    """Return the time at which generation starts."""
    return _LAST_COSINE if objective == "noise" else 1.0


def mix(objective: str, data: Tensor, noise: Tensor, times: Tensor) -> Tensor:
    """Return x_t = α x + σ ε."""
    alpha, sigma = coefficients(objective, times)
    return alpha * data + sigma * noise


def target(objective: str, data: Tensor, noise: Tensor, times: Tensor) -> Tensor:
    """Return what is to be predicted.

    "flow": dx_t/dt = ε - x. "v": α ε - σ x (Salimans and Ho 2022, appendix D). "noise": ε (Ho et
    al. 2020, equation 14).
    """
    if objective == "flow":
        return noise - data
    if objective == "noise":
        return noise
    alpha, sigma = coefficients(objective, times)
    return alpha * noise - sigma * data


def read(objective: str, noisy: Tensor, output: Tensor, times: Tensor) -> Prediction:
    """Return the data and the noise that a prediction stands for."""
    alpha, sigma = coefficients(objective, times)
    if objective == "flow":
        return Prediction(noisy - sigma * output, noisy + alpha * output)
    if objective == "noise":
        return Prediction((noisy - sigma * output) / alpha, output)
    return Prediction(alpha * noisy - sigma * output, sigma * noisy + alpha * output)


def velocity(objective: str, prediction: Prediction, times: Tensor) -> Tensor:
    """Return dx_t/dt = α' x + σ' ε."""
    if objective == "flow":
        return prediction.noise - prediction.data
    alpha, sigma = coefficients(objective, times)
    return (math.pi / 2) * (alpha * prediction.noise - sigma * prediction.data)
