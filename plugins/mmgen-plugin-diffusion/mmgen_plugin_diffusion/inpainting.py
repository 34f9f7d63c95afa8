"""Painting what a mask leaves out, by models that did not learn to."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from mmgen.interfaces import Noise
from mmgen_plugin_diffusion.objectives import Prediction, mix
from mmgen_plugin_diffusion.samplers import Predict, alpha_sigma, ancestral_step


def repaint(
    predict: Predict,
    noisy: Tensor,
    times: Sequence[float],
    objective: str,
    *,
    known: Tensor,
    keep: Tensor,
    repeats: int,
    rng: Noise,
) -> Tensor:
    """Return data that agrees with what is known: Lugmayr et al. 2022, algorithm 1.

    At every step what is known is put in, at that step's noise; each step is taken several times,
    with a jump back to its start between, so that what is painted can agree with what is known.

    Args:
        known: data (N, …) of which some is to be kept.
        keep: bool, where; broadcasts with it.
        repeats: how often each step is taken.
    """
    shape = tuple(noisy.shape[1:])
    last = len(times) - 2

    def draw(name: str, step: int) -> Tensor:
        return rng.normal(shape, stream=f"repaint/{name}", step=step).to(known)

    for index, (time, after) in enumerate(pairwise(times)):
        for repeat in range(repeats if index < last else 1):
            step = index * repeats + repeat
            fresh = draw("step", step)
            painted = ancestral_step(predict(noisy, time), fresh, time, after, objective)
            of_known = draw("known", step)
            kept = mix(objective, known, of_known, torch.tensor(after, device=known.device))
            noisy = torch.where(keep, kept, painted)
            if repeat < repeats - 1 and index < last:
                noisy = _noisier(noisy, draw("back", step), after, time, objective)
    return noisy


def with_known_pixels(
    predict: Predict,
    objective: str,
    image: Tensor,
    mask: Tensor,
    *,
    to_images: Callable[[Tensor], Tensor],
    to_data: Callable[[Tensor], Tensor],
) -> Predict:
    """Return predictions of data whose pictures show the known pixels.

    Of latents, a place stands for many pixels of which only some may be known: the predicted
    picture gets these, and is encoded again.

    Args:
        image, mask: (N, C, H, W) in [0, 1] and (N, 1, H, W), 1 = paint here.
    """

    def predict_known(noisy: Tensor, time: float) -> Prediction:
        made = to_images(predict(noisy, time).data)
        data = to_data(torch.where(mask > 0.5, made, image.to(made)))
        alpha, sigma = alpha_sigma(objective, time)
        return Prediction(data, (noisy - alpha * data) / sigma)

    return predict_known


def _noisier(noisy: Tensor, fresh: Tensor, time: float, later: float, objective: str) -> Tensor:
    """Return a draw of q(x_t | x_s) for s < t, by the forward process."""
    (alpha, sigma), (alpha_later, sigma_later) = (
        alpha_sigma(objective, moment) for moment in (time, later)
    )
    ratio = alpha_later / alpha
    variance = max(0.0, sigma_later**2 - (ratio * sigma) ** 2)
    return ratio * noisy + variance**0.5 * fresh
