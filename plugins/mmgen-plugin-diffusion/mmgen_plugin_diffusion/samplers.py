"""Samplers: from noisy samples to data, as plain functions of a prediction and of times.

`predict(noisy, time)` returns the data and noise that noisy samples (N, …) at a time are made of.
Times fall from where the samples are to 0; `heun` may also go back up.
"""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from mmgen.interfaces import Noise
from mmgen_plugin_diffusion.objectives import Prediction, coefficients, velocity

Predict = Callable[[Tensor, float], Prediction]


def alpha_sigma(objective: str, time: float) -> tuple[float, float]:
    """Return α and σ at one time, in double precision."""
    alpha, sigma = coefficients(objective, torch.tensor(time, dtype=torch.float64))
    return float(alpha), float(sigma)


def euler(predict: Predict, noisy: Tensor, times: Sequence[float], objective: str) -> Tensor:
    """Go straight on at each step: Song et al. 2021, equation 12 with σ_t = 0.

    On the straight lines of a flow that is Euler's method.
    """
    for time, after in pairwise(times):
        prediction = predict(noisy, time)
        alpha, sigma = alpha_sigma(objective, after)
        noisy = alpha * prediction.data + sigma * prediction.noise
    return noisy


def heun(predict: Predict, noisy: Tensor, times: Sequence[float], objective: str) -> Tensor:
    """Take each step with the mean of the velocities at both its ends.

    Karras et al. 2022, algorithm 1; the last step to the data itself is Euler's.
    """

    def slope(samples: Tensor, time: float) -> Tensor:
        return velocity(objective, predict(samples, time), torch.tensor(time))

    for time, after in pairwise(times):
        here = slope(noisy, time)
        ahead = noisy + (after - time) * here
        if after > 0:
            ahead = noisy + (after - time) * (here + slope(ahead, after)) / 2
        noisy = ahead
    return noisy


def dpm_solver(predict: Predict, noisy: Tensor, times: Sequence[float], objective: str) -> Tensor:
    """DPM-Solver++(2M): Lu et al. 2022, algorithm 2.

    The data predicted at the step before says how the prediction changes. The first step and the
    last are of first order; from pure noise, infinitely far away in log(α / σ), the second is too.
    """
    before: Tensor | None = None
    last_step = math.inf
    for time, after in pairwise(times):
        data = predict(noisy, time).data
        (alpha, sigma), (alpha_after, sigma_after) = (
            alpha_sigma(objective, moment) for moment in (time, after)
        )
        step = _log_ratio(alpha_after, sigma_after) - _log_ratio(alpha, sigma)  # h
        mean = data
        if before is not None and math.isfinite(step) and math.isfinite(last_step):
            ratio = last_step / step  # r
            mean = data + (data - before) / (2 * ratio)
        # σ_s/σ_t x - α_s (exp(-h) - 1) D, where exp(-h) is finite also at the ends
        decay = (alpha * sigma_after) / (alpha_after * sigma)
        noisy = (sigma_after / sigma) * noisy + alpha_after * (1 - decay) * mean
        before, last_step = data, step
    return noisy


def _log_ratio(alpha: float, sigma: float) -> float:
    """Return λ = log(α / σ)."""
    if alpha <= 0:
        return -math.inf
    return math.inf if sigma <= 0 else math.log(alpha / sigma)


def ancestral(
    predict: Predict, noisy: Tensor, times: Sequence[float], objective: str, rng: Noise
) -> Tensor:
    """Draw each step from what is known of it: Ho et al. 2020, algorithm 2."""
    for index, (time, after) in enumerate(pairwise(times)):
        fresh = rng.normal(tuple(noisy.shape[1:]), stream="ancestral", step=index).to(noisy)
        noisy = ancestral_step(predict(noisy, time), fresh, time, after, objective)
    return noisy


def ancestral_step(
    prediction: Prediction, fresh: Tensor, time: float, after: float, objective: str
) -> Tensor:
    """Return a draw of x_s given x_t and the data: Kingma et al. 2021, equation 25.

    Its variance is σ_s² (1 - SNR(t) / SNR(s)), with the ratio SNR of α² to σ².
    """
    (alpha, sigma), (alpha_after, sigma_after) = (
        alpha_sigma(objective, moment) for moment in (time, after)
    )
    decay = (alpha * sigma_after) / (alpha_after * sigma)
    drawn = sigma_after * math.sqrt(max(0.0, 1 - decay**2))
    kept = sigma_after * decay
    return alpha_after * prediction.data + kept * prediction.noise + drawn * fresh
