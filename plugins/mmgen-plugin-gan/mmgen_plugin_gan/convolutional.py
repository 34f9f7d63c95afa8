"""The deep convolutional generator."""

import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgen.interfaces import Conditioner
from mmgen.nn import DoublingConv, Modulation
from mmgen_plugin_gan.config import DcganConfig
from mmgen_plugin_gan.gan import Gan


class Dcgan(Gan):
    """Radford et al. 2016: transposed convolutions of stride 2, normalised and rectified.

    The condition goes in beside the latents, and modulates every size (De Vries et al. 2017).
    """

    config: DcganConfig

    def __init__(self, config: DcganConfig, *, conditioner: Conditioner | None = None) -> None:
        super().__init__(config, conditioner=conditioner)
        widths = config.widths
        factor = 2 ** len(widths)
        self.coarse = (config.height // factor, config.width // factor, widths[0])
        self.enter = nn.Linear(config.latent_dim + self.condition_width, math.prod(self.coarse))
        self.actives = nn.ModuleList(
            [Activation(width, config.norm, self.condition_width) for width in widths]
        )
        self.ups = nn.ModuleList(
            [DoublingConv(a, b) for a, b in pairwise((*widths, config.channels))]
        )

    def forward(self, latents: Tensor, vector: Tensor | None) -> Tensor:
        """Return pictures (N, C, H, W) in [-1, 1]."""
        start = latents if vector is None else torch.cat([latents, vector], dim=1)
        features = self.enter(start).view(-1, *self.coarse).permute(0, 3, 1, 2)  # channels-last
        for active, up in zip(self.actives, self.ups, strict=True):
            features = up(active(features, vector))
        return features.tanh()


class Activation(nn.Module):
    """Normalise, modulate by the condition, rectify."""

    def __init__(self, width: int, norm: str, condition_width: int) -> None:
        super().__init__()
        self.norm = _norm(norm, width)
        self.modulation = Modulation(condition_width, width) if condition_width else None

    def forward(self, features: Tensor, vector: Tensor | None) -> Tensor:
        """Map (N, width, h, w) to the same shape."""
        features = self.norm(features)
        if self.modulation is not None and vector is not None:
            features = self.modulation(features, vector)
        return F.relu(features)


class PixelNorm(nn.Module):
    """Each position's channels to a mean square of 1: Karras et al. 2018, section 4.2."""

    def forward(self, features: Tensor) -> Tensor:
        """Map (N, C, h, w) to the same shape."""
        return features * (features.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt()


def _norm(name: str, width: int) -> nn.Module:
    if name == "batch":
        return nn.BatchNorm2d(width)
    return PixelNorm() if name == "pixel" else nn.Identity()
