"""Distributions of pictures given a network's output, independent from pixel to pixel.

A network gives `parameters` (N, P, H, W) with P = `num_parameters(channels)`; everything is
computed in float32, whatever the network's type.
"""

import math
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

LIKELIHOODS = ("bernoulli", "discretised-logistic-mixture")
_LEVELS = 255
_LOG_SCALES = (-7.0, 5.0)  # from a quarter of a bin to flat; data of 0 and 255 alone want more


class Likelihood(Protocol):
    """p(x | parameters).

    Attributes:
        data_space: "binary" or "8-bit": what the pixels are a distribution over.
        channels: C of the pictures.
    """

    data_space: str
    channels: int

    @property
    def num_parameters(self) -> int:
        """P, how many numbers a network gives per pixel."""
        ...

    @property
    def num_uniforms(self) -> int:
        """U, how many uniform numbers a draw takes per pixel."""
        ...

    def log_prob(self, parameters: Tensor, images: Tensor) -> Tensor:
        """Return log p(x) in nats (N,) of images (N, C, H, W) in [0, 1]."""
        ...

    def mean(self, parameters: Tensor) -> Tensor:
        """Return the expected picture (N, C, H, W) in [0, 1]."""
        ...

    def sample(self, parameters: Tensor, uniform: Tensor) -> Tensor:
        """Return the draw (N, C, H, W) that uniform numbers (N, U, H, W) in (0, 1) stand for."""
        ...


def likelihood(name: str, *, channels: int, num_mixtures: int = 10) -> Likelihood:
    """Return the distribution of that name, one of LIKELIHOODS."""
    if name == "bernoulli":
        return Bernoulli(channels)
    if name == "discretised-logistic-mixture":
        return DiscretisedLogisticMixture(channels, num_mixtures)
    raise ValueError(f"likelihood must be one of {LIKELIHOODS}; got {name!r}")


class Bernoulli:
    """Independent pixels that are 0 or 1; the parameters are logits.

    Grey pixels are taken as probabilities: log_prob is then the negative cross-entropy.
    """

    data_space = "binary"

    def __init__(self, channels: int) -> None:
        self.channels = channels

    @property
    def num_parameters(self) -> int:
        """One logit per channel."""
        return self.channels

    @property
    def num_uniforms(self) -> int:
        """One per channel."""
        return self.channels

    def log_prob(self, parameters: Tensor, images: Tensor) -> Tensor:
        """Return log p(x) in nats (N,)."""
        logits = parameters.float()
        cross_entropy = F.binary_cross_entropy_with_logits(logits, images, reduction="none")
        return -cross_entropy.flatten(1).sum(dim=1)

    def mean(self, parameters: Tensor) -> Tensor:
        """Return the probability of a 1 per pixel, (N, C, H, W)."""
        return torch.sigmoid(parameters.float())

    def sample(self, parameters: Tensor, uniform: Tensor) -> Tensor:
        """Return zeros and ones (N, C, H, W)."""
        return (uniform < self.mean(parameters)).float()


class DiscretisedLogisticMixture:
    """Pixels of 256 levels: a mixture of logistics, cut into bins (Salimans et al. 2017).

    Within a mixture component the mean of a channel depends linearly on the channels before it,
    as in PixelCNN++; with one channel there is nothing to depend on. Values are on [-1, 1] inside,
    so that a bin is 2 / 255 wide; the bins of 0 and 255 reach to infinity.

    Args:
        channels: C.
        num_mixtures: M, components per pixel.
    """

    data_space = "8-bit"

    def __init__(self, channels: int, num_mixtures: int = 10) -> None:
        self.channels = channels
        self.num_mixtures = num_mixtures

    @property
    def num_parameters(self) -> int:
        """Weight, C means, C log scales and C (C - 1) / 2 coefficients per component."""
        pairs = self.channels * (self.channels - 1) // 2
        return self.num_mixtures * (1 + 2 * self.channels + pairs)

    @property
    def num_uniforms(self) -> int:
        """One for the component, one per channel."""
        return 1 + self.channels

    def _split(self, parameters: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return weights (N, M, H, W), means, log scales and coefficients (N, M, ·, H, W)."""
        n, _, h, w = parameters.shape
        m, c = self.num_mixtures, self.channels
        weights, rest = parameters.float().split((m, self.num_parameters - m), dim=1)
        parts = rest.reshape(n, m, -1, h, w)
        means, log_scales, pairs = parts.split((c, c, c * (c - 1) // 2), dim=2)
        return weights, means, log_scales.clamp(*_LOG_SCALES), torch.tanh(pairs)

    def log_prob(self, parameters: Tensor, images: Tensor) -> Tensor:
        """Return log p(x) in nats (N,), x rounded to 256 levels."""
        weights, means, log_scales, pairs = self._split(parameters)
        values = (images * _LEVELS).round().mul(2 / _LEVELS).sub(1)[:, None]  # (N, 1, C, H, W)
        means = torch.cat([_shift(means, pairs, values, c) for c in range(self.channels)], dim=2)
        per_channel = log_bin(values, means, log_scales)  # (N, M, C, H, W)
        joint = F.log_softmax(weights, dim=1) + per_channel.sum(dim=2)
        return torch.logsumexp(joint, dim=1).flatten(1).sum(dim=1)

    def mean(self, parameters: Tensor) -> Tensor:
        """Return the expected picture (N, C, H, W); channels before are at their mean."""
        weights, means, log_scales, pairs = self._split(parameters)
        expected = means[:, :, :0]
        for channel in range(self.channels):
            shifted = _shift(means, pairs, expected, channel)
            value = clipped_mean(shifted, log_scales[:, :, channel : channel + 1])
            expected = torch.cat([expected, value], dim=2)
        mixed = (torch.softmax(weights, dim=1)[:, :, None] * expected).sum(dim=1)
        return ((mixed + 1) / 2).clamp(0, 1)

    def sample(self, parameters: Tensor, uniform: Tensor) -> Tensor:
        """Return a draw (N, C, H, W), multiples of 1 / 255."""
        weights, means, log_scales, pairs = self._split(parameters)
        cumulative = torch.softmax(weights, dim=1).cumsum(dim=1)
        chosen = (cumulative < uniform[:, :1]).sum(dim=1, keepdim=True)
        chosen = chosen.clamp(max=self.num_mixtures - 1)[:, :, None]  # (N, 1, 1, H, W)
        means, log_scales, pairs = (_choose(part, chosen) for part in (means, log_scales, pairs))
        noise = torch.logit(uniform[:, None, 1:])  # standard logistic, (N, 1, C, H, W)
        drawn = means[:, :, :0]
        for channel in range(self.channels):
            at = slice(channel, channel + 1)
            value = _shift(means, pairs, drawn, channel)
            value = value + torch.exp(log_scales[:, :, at]) * noise[:, :, at]
            drawn = torch.cat([drawn, value.clamp(-1, 1)], dim=2)
        return ((drawn[:, 0] + 1) / 2 * _LEVELS).round() / _LEVELS


def _choose(part: Tensor, chosen: Tensor) -> Tensor:
    """Pick one component per pixel: (N, M, K, H, W) -> (N, 1, K, H, W)."""
    return part.gather(1, chosen.expand(-1, -1, part.shape[2], -1, -1))


def _shift(means: Tensor, pairs: Tensor, before: Tensor, channel: int) -> Tensor:
    """Return the mean of a channel (N, M, 1, H, W), given the channels before it."""
    mean = means[:, :, channel : channel + 1]
    if channel == 0:
        return mean
    first = channel * (channel - 1) // 2
    terms = pairs[:, :, first : first + channel] * before[:, :, :channel]
    return mean + terms.sum(dim=2, keepdim=True)


def log_bin(values: Tensor, means: Tensor, log_scales: Tensor) -> Tensor:
    """Return log P(bin of value) under a logistic, all on [-1, 1], 256 bins.

    σ(a) - σ(b) = σ(a) σ(-b) (1 - e^(b - a)) is exact and never subtracts two numbers that are
    nearly equal; an edge bin leaves out the factor of the edge that it does not have.
    """
    inverse_scale = torch.exp(-log_scales)
    centred = (values - means) * inverse_scale
    half_bin = inverse_scale / _LEVELS
    inner = torch.log(-torch.expm1(-2 * half_bin))
    below_top = F.logsigmoid(centred + half_bin)
    above_bottom = F.logsigmoid(half_bin - centred)
    is_lowest, is_highest = values < -1 + 1 / _LEVELS, values > 1 - 1 / _LEVELS
    edge = torch.where(is_lowest, below_top, above_bottom)
    return torch.where(is_lowest | is_highest, edge, below_top + above_bottom + inner)


def clipped_mean(means: Tensor, log_scales: Tensor) -> Tensor:
    """Return E[clip(X, -1, 1)] of a logistic X: 1 - ∫ F(x) dx from -1 to 1, in closed form."""
    scale = torch.exp(log_scales)
    upper = F.softplus((1 - means) / scale)
    lower = F.softplus((-1 - means) / scale)
    return 1 - scale * (upper - lower)


def bits_per_dimension(nats: Tensor, num_dimensions: int) -> Tensor:
    """Return nats per picture as bits per pixel and channel."""
    return nats / (num_dimensions * math.log(2))
