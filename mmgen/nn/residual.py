"""Residual blocks without normalisation: they start as the identity, or close to it."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgen.nn.dropout import dropout


class Modulation(nn.Module):
    """Scale and shift of features by a condition vector (FiLM: Perez et al. 2018).

    Starts as the identity.

    Args:
        condition_width: D of the vector (N, D).
        width: channels of the features.
    """

    def __init__(self, condition_width: int, width: int) -> None:
        super().__init__()
        self.linear = nn.Linear(condition_width, 2 * width)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, features: Tensor, vector: Tensor) -> Tensor:
        """Modulate features (N, width, ...) by vector (N, D)."""
        scale, shift = self.linear(vector).chunk(2, dim=1)
        shape = (*scale.shape, *(1,) * (features.ndim - 2))
        return torch.addcmul(shift.view(shape), features, 1 + scale.view(shape))


class ResidualConv(nn.Module):
    """x + conv(dropout(act(conv(act(x))))): He et al. 2016, pre-activation.

    Args:
        width: channels in and out.
        dropout: probability, 0 to 1.
        condition_width: D of a vector that modulates the middle; 0 for none.
        kernel: side of the convolutions, odd.
        gain: size of the last layer's start, relative to the usual one.
        activation: act; of a leaky rectifier both derivatives are cheaper than of silu.
    """

    def __init__(
        self,
        width: int,
        *,
        dropout: float = 0.0,
        condition_width: int = 0,
        kernel: int = 3,
        gain: float = 0.1,
        activation: Callable[[Tensor], Tensor] = F.silu,
    ) -> None:
        super().__init__()
        self.dropout = dropout
        self.activation = activation
        self.first = nn.Conv2d(width, width, kernel, padding=kernel // 2)
        self.second = nn.Conv2d(width, width, kernel, padding=kernel // 2)
        self.modulation = Modulation(condition_width, width) if condition_width else None
        _shrink(self.second, gain)

    def forward(self, features: Tensor, vector: Tensor | None = None) -> Tensor:
        """Map (N, width, H, W) to the same shape; vector is (N, D)."""
        inner = self.first(self.activation(features))
        if self.modulation is not None and vector is not None:
            inner = self.modulation(inner, vector)
        inner = dropout(self.activation(inner), self.dropout, self.training)
        return features + self.second(inner)


class ResidualLinear(nn.Module):
    """x + linear(dropout(glu(linear(x)))): gated as in Dauphin et al. 2017.

    Args:
        width: features in and out.
        dropout: probability, 0 to 1.
        condition_width: D of a vector that modulates the input; 0 for none.
        gain: size of the last layer's start, relative to the usual one.
    """

    def __init__(
        self, width: int, *, dropout: float = 0.0, condition_width: int = 0, gain: float = 0.1
    ) -> None:
        super().__init__()
        self.dropout = dropout
        self.first = nn.Linear(width, 2 * width)
        self.second = nn.Linear(width, width)
        self.modulation = Modulation(condition_width, width) if condition_width else None
        _shrink(self.second, gain)

    def forward(self, features: Tensor, vector: Tensor | None = None) -> Tensor:
        """Map (N, width) to the same shape; vector is (N, D)."""
        inner = features
        if self.modulation is not None and vector is not None:
            inner = self.modulation(inner, vector)
        inner = dropout(F.glu(self.first(inner), dim=1), self.dropout, self.training)
        return features + self.second(inner)


class Downsample(nn.Conv2d):
    """Halve height and width, rounding up."""

    def __init__(self, width: int, out_width: int) -> None:
        super().__init__(width, out_width, 3, stride=2, padding=1)


class Upsample(nn.Module):
    """Enlarge to a given size: mix the channels, then repeat pixels."""

    def __init__(self, width: int, out_width: int) -> None:
        super().__init__()
        self.mix = nn.Conv2d(width, out_width, 1)

    def forward(self, features: Tensor, size: tuple[int, int]) -> Tensor:
        """Map (N, width, h, w) to (N, out_width, *size)."""
        return F.interpolate(self.mix(features), size=size, mode="nearest")


def _shrink(layer: nn.Conv2d | nn.Linear, gain: float) -> None:
    with torch.no_grad():
        layer.weight.mul_(gain)
        if layer.bias is not None:
            layer.bias.zero_()
