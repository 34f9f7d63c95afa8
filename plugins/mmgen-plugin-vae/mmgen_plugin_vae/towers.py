"""Residual convolutions at one size after the other, down to a coarse map and up again."""

from itertools import pairwise
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgen.nn import Downsample, ResidualConv, Upsample


def residual_stack(
    width: int, count: int, *, dropout: float, condition_width: int, kernel: int = 3
) -> nn.ModuleList:
    """Return `count` residual blocks."""
    return nn.ModuleList(
        [
            ResidualConv(width, dropout=dropout, condition_width=condition_width, kernel=kernel)
            for _ in range(count)
        ]
    )


def map_sizes(height: int, width: int, count: int) -> tuple[tuple[int, int], ...]:
    """Return (height, width) at full size, at half of it, …, rounded up."""
    sizes = [(height, width)]
    for _ in range(count - 1):
        height, width = (height + 1) // 2, (width + 1) // 2
        sizes.append((height, width))
    return tuple(sizes)


class Shrinker(nn.Module):
    """From (N, channels, H, W) to (N, widths[-1], h, w)."""

    def __init__(
        self,
        channels: int,
        widths: tuple[int, ...],
        *,
        blocks: int,
        dropout: float,
        condition_width: int,
    ) -> None:
        super().__init__()
        self.stem = nn.Conv2d(channels, widths[0], 3, padding=1)
        self.stacks = nn.ModuleList(
            [
                residual_stack(w, blocks, dropout=dropout, condition_width=condition_width)
                for w in widths
            ]
        )
        self.downs = nn.ModuleList([Downsample(a, b) for a, b in pairwise(widths)])

    def forward(self, images: Tensor, vector: Tensor | None) -> Tensor:
        """Return the coarsest map."""
        features = self.stem(images)
        for index, stack in enumerate(self.stacks):
            if index:
                features = self.downs[index - 1](F.silu(features))
            for block in cast(nn.ModuleList, stack):
                features = block(features, vector)
        return features


class Enlarger(nn.Module):
    """From (N, widths[-1], h, w) to (N, channels, H, W)."""

    def __init__(
        self,
        channels: int,
        widths: tuple[int, ...],
        sizes: tuple[tuple[int, int], ...],
        *,
        blocks: int,
        dropout: float,
        condition_width: int,
    ) -> None:
        super().__init__()
        self.sizes = sizes
        self.stacks = nn.ModuleList(
            [
                residual_stack(w, blocks, dropout=dropout, condition_width=condition_width)
                for w in widths
            ]
        )
        self.ups = nn.ModuleList([Upsample(b, a) for a, b in pairwise(widths)])
        self.head = nn.Conv2d(widths[0], channels, 3, padding=1)

    def forward(self, features: Tensor, vector: Tensor | None) -> Tensor:
        """Return the map at full size."""
        features = features.contiguous(memory_format=torch.channels_last)
        for index in reversed(range(len(self.sizes))):
            for block in cast(nn.ModuleList, self.stacks[index]):
                features = block(features, vector)
            if index:
                features = self.ups[index - 1](features, self.sizes[index - 1])
        return self.head(F.silu(features))
