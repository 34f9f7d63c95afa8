"""The network, and how a picture is drawn."""

import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgen import Condition, Conditioner, Generator, Noise, Size
from mmgen_plugin_example.config import ExampleConfig, ExampleGeneration

_FREQUENCIES = 16


class Example(Generator):
    """Rectified flow (Liu et al. 2023): pictures are where a velocity leads noise.

    It never asks what stands behind a condition: labels, texts and sounds all come as one pooled
    vector, so that `mmgen train` can give it any of them.
    """

    config: ExampleConfig
    generation = ExampleGeneration
    uses_tokens = False

    def __init__(self, config: ExampleConfig, *, conditioner: Conditioner | None = None) -> None:
        super().__init__(config, conditioner=conditioner)
        pixels = config.channels * config.height * config.width
        told = 2 * _FREQUENCIES + self.condition_width
        widths = [pixels, *[config.hidden] * config.depth]
        self.layers = nn.ModuleList([nn.Linear(a + told, b) for a, b in pairwise(widths)])
        self.leave = nn.Linear(config.hidden, pixels)

    @property
    def size(self) -> Size:
        """The one size of picture that the config names."""
        config = self.config
        return Size(channels=config.channels, height=config.height, width=config.width)

    def forward(self, noisy: Tensor, times: Tensor, condition: Condition) -> Tensor:
        """Return the velocity (N, C, H, W), from picture to noise.

        Args:
            noisy: (N, C, H, W), between the picture in [-1, 1] and noise.
            times: (N,), 0 for the picture, 1 for noise.
        """
        told = [_waves(times)]
        if self.condition_width:
            told.append(condition.pooled)
        features, extra = noisy.flatten(1), torch.cat(told, dim=1)
        for layer in self.layers:
            features = F.silu(layer(torch.cat([features, extra], dim=1)))
        return self.leave(features).view_as(noisy)

    def sample(self, condition: Condition, rng: Noise, options: ExampleGeneration) -> Tensor:
        """Follow the velocity from noise, in equal steps (Euler's method)."""
        size = self.size
        picture = rng.normal((size.channels, size.height, size.width))
        for step in range(options.steps):
            times = picture.new_full((len(condition),), 1 - step / options.steps)
            picture = picture - self(picture, times, condition) / options.steps
        return ((picture + 1) / 2).clamp(0, 1)


def _waves(times: Tensor) -> Tensor:
    """Return sines and cosines (N, 2 · 16) of times (N,) in [0, 1], slow ones and fast ones."""
    steps = torch.linspace(0, math.log(100), _FREQUENCIES, device=times.device)
    angles = times[:, None] * steps.exp().to(times)
    return torch.cat([angles.sin(), angles.cos()], dim=1)
