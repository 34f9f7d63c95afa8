"""The multilayer perceptron of the first GAN."""

import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgen.interfaces import Conditioner
from mmgen_plugin_gan.config import MlpGanConfig
from mmgen_plugin_gan.gan import Gan


class MlpGan(Gan):
    """Goodfellow et al. 2014: linear layers and rectifiers.

    The condition goes in beside the latents (Mirza and Osindero 2014), at every layer.
    """

    config: MlpGanConfig

    def __init__(self, config: MlpGanConfig, *, conditioner: Conditioner | None = None) -> None:
        super().__init__(config, conditioner=conditioner)
        widths = [config.latent_dim, *[config.hidden] * config.depth]
        self.layers = nn.ModuleList(
            [
                nn.Linear(width + self.condition_width, out_width)
                for width, out_width in pairwise(widths)
            ]
        )
        self.shape = (config.channels, config.height, config.width)
        self.head = nn.Linear(config.hidden, math.prod(self.shape))

    def forward(self, latents: Tensor, vector: Tensor | None) -> Tensor:
        """Return pictures (N, C, H, W) in [-1, 1]."""
        features = latents
        for layer in self.layers:
            if vector is not None:
                features = torch.cat([features, vector], dim=1)
            features = F.leaky_relu(layer(features), 0.2)
        return self.head(features).tanh().view(-1, *self.shape)
