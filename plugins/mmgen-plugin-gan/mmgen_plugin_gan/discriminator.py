"""Discriminators: a score per picture, the higher the more real."""

import math
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from mmgen.interfaces import Condition, Conditioner
from mmgen.nn import judge_condition, judge_conditioner
from mmgen_plugin_gan.convolutional import Dcgan
from mmgen_plugin_gan.gan import Gan
from mmgen_plugin_gan.mlp import MlpGan


class Discriminator(nn.Module):
    """Features of a picture, and a score that is linear in them.

    Where there is a condition, the score has a second part: the features' inner product with a
    projection of it (Miyato and Koyama 2018, equation 3). The condition is encoded by encoders of
    the discriminator's own, which start as the generator's.

    Args:
        body: from pictures (N, C, H, W) in [-1, 1] to features (N, width).
        width: of the features.
        conditioner: the generator's.
    """

    def __init__(self, body: nn.Module, width: int, conditioner: Conditioner) -> None:
        super().__init__()
        self.body = body
        self.head = nn.Linear(width, 1)
        self.conditioner = judge_conditioner(conditioner)
        if self.conditioner is not None:
            self.projection = nn.Linear(conditioner.width, width, bias=False)

    def condition(self, batch: dict[str, Any], present: Tensor) -> Condition | None:
        """Return the condition of a batch as far as it is present, bool (N, S)."""
        return judge_condition(self.conditioner, batch, present)

    def forward(self, images: Tensor, condition: Condition | None) -> Tensor:
        """Return scores (N,) of images (N, C, H, W) in [-1, 1] under a condition."""
        return self.score(self.see(images), condition)

    def see(self, images: Tensor) -> Tensor:
        """Return features (N, width) of images (N, C, H, W) in [-1, 1]."""
        features: Tensor = self.body(images)
        return features

    def score(self, seen: Tensor, condition: Condition | None) -> Tensor:
        """Return scores (N,) of features (N, width) under a condition."""
        scores = self.head(seen)[:, 0]
        if condition is None:
            return scores
        return scores + (self.projection(condition.pooled) * seen).sum(dim=1) / seen.shape[1] ** 0.5


class LinearBody(nn.Module):
    """A multilayer perceptron: Goodfellow et al. 2014."""

    def __init__(self, elements: int, width: int, depth: int) -> None:
        super().__init__()
        widths = [elements, *[width] * depth]
        self.layers = nn.ModuleList([nn.Linear(a, b) for a, b in pairwise(widths)])

    def forward(self, images: Tensor) -> Tensor:
        """Return features (N, width)."""
        features = images.flatten(1)
        for layer in self.layers:
            features = F.leaky_relu(layer(features), 0.2)
        return features


class ConvBody(nn.Module):
    """Convolutions of stride 2: Radford et al. 2016, without normalisation.

    Normalising over the batch would let pictures judge each other, and spoil penalties of the
    slope (Gulrajani et al. 2017, section 4).
    """

    def __init__(self, channels: int, widths: list[int], coarse: tuple[int, int]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            [nn.Conv2d(a, b, 4, stride=2, padding=1) for a, b in pairwise((channels, *widths))]
        )
        self.last = nn.Linear(widths[-1] * math.prod(coarse), widths[-1])

    def forward(self, images: Tensor) -> Tensor:
        """Return features (N, widths[-1])."""
        features = images.to(memory_format=torch.channels_last)
        for layer in self.layers:
            features = F.leaky_relu(layer(features), 0.2)
        features = features.permute(0, 2, 3, 1).flatten(1)  # as they lie in memory
        return F.leaky_relu(self.last(features), 0.2)


def build_discriminator(model: Gan, *, width_factor: float, spectral: bool) -> Discriminator:
    """Return the discriminator that mirrors a generator."""
    body: nn.Module
    size = model.size
    if isinstance(model, Dcgan):
        widths = [_scaled(width, width_factor) for width in reversed(model.config.widths)]
        body, width = ConvBody(size.channels, widths, model.coarse[:2]), widths[-1]
    else:
        assert isinstance(model, MlpGan)
        width = _scaled(model.config.hidden, width_factor)
        elements = size.channels * size.height * size.width
        body = LinearBody(elements, width, model.config.depth)
    judge = Discriminator(body, width, model.conditioner)
    if spectral:
        for layer in [m for m in judge.modules() if isinstance(m, nn.Linear | nn.Conv2d)]:
            spectral_norm(layer)
    return judge


def _scaled(width: int, factor: float) -> int:
    return max(1, round(width * factor))
