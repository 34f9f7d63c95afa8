"""The denoiser: a convolutional U-Net, with attention where maps are small."""

from itertools import pairwise
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgen.interfaces import Condition
from mmgen.nn import Modulation, dropout
from mmgen_plugin_diffusion.attention import CrossAttention, SelfAttention
from mmgen_plugin_diffusion.config import PixelDiffusionConfig
from mmgen_plugin_diffusion.embedding import TimeEmbedding
from mmgen_plugin_diffusion.inheritance import with_hints
from mmgen_plugin_diffusion.prompt import Denoiser, Prompt, token_mask

_GROUPS = 8


class UNet(Denoiser):
    """Ho et al. 2020, appendix B, with the modulation of Dhariwal and Nichol 2021, section 3.1.

    At the coarsest size the positions look at each other, and at the condition's tokens (Rombach et
    al. 2022, section 3.3). It predicts 0 at the start.

    Args:
        config: hidden, heads, widths, blocks and dropout.
        channels: of what is noisy; as many come out.
        hints: further channels that go in.
        told: width of the condition; 0 for none.
    """

    def __init__(
        self, config: PixelDiffusionConfig, *, channels: int, hints: int, told: int
    ) -> None:
        super().__init__()
        widths, counts = config.widths, config.blocks_of
        self.time = TimeEmbedding(config.hidden)
        self.pooled = nn.Linear(told, config.hidden) if told else None
        self.enter = nn.Conv2d(channels + hints, widths[0], 3, padding=1)

        def blocks(width: int, count: int) -> nn.ModuleList:
            made = [UNetBlock(width, config.hidden, config.dropout) for _ in range(count)]
            return nn.ModuleList(made)

        self.rising, self.falling = (
            nn.ModuleList([blocks(w, count) for w, count in zip(widths, counts, strict=True)])
            for _ in ("down", "up")
        )
        pairs = list(pairwise(widths))
        self.downs = nn.ModuleList([nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in pairs])
        self.ups = nn.ModuleList([nn.Conv2d(b, a, 1) for a, b in pairs])
        self.skips = nn.ModuleList([nn.Conv2d(a, a, 1) for a, _ in pairs])
        smaller = 2 ** len(pairs)
        self.grid = (config.height // smaller, config.width // smaller)
        self.middle = UNetAttention(widths[-1], config.heads, told)
        self.norm = _norm(widths[0])
        self.leave = nn.Conv2d(widths[0], channels, 3, padding=1)
        nn.init.zeros_(self.leave.weight)
        assert self.leave.bias is not None
        nn.init.zeros_(self.leave.bias)

    def inherit(self, other: Self) -> None:
        """Take over what another one learned, without hints."""
        state = other.state_dict()
        state["enter.weight"] = with_hints(state["enter.weight"], self.enter.in_channels)
        self.load_state_dict(state)

    def prepare(self, condition: Condition, looks: list[Tensor] | None = None) -> Prompt:
        """Return what the layers need of a condition; `looks` as in `Prompt`."""
        if self.pooled is None or self.middle.cross is None:
            return Prompt(None)
        key, value = self.middle.cross.prepare(condition.tokens)
        vector = self.pooled(condition.pooled)
        return Prompt(vector, [key], [value], token_mask(condition), looks)

    def moment(self, times: Tensor, prompt: Prompt, levels: Tensor | None = None) -> Tensor:
        """Return the vector that modulates every block, (N, hidden)."""
        vector = self.time(times, levels)
        if prompt.vector is not None:
            vector = vector + prompt.vector
        return F.silu(vector)

    def denoise(self, noisy: Tensor, moment: Tensor, prompt: Prompt) -> Tensor:
        """Return the prediction (N, channels, H, W)."""
        features = self.enter(noisy.contiguous(memory_format=torch.channels_last))
        kept = []
        for size, blocks in enumerate(self.rising):
            if size:
                features = self.downs[size - 1](features)
            features = _through(blocks, features, moment)
            kept.append(features)
        features = self.middle(features, prompt)
        for size in reversed(range(len(kept))):
            if size < len(kept) - 1:
                larger = F.interpolate(self.ups[size](features), scale_factor=2, mode="nearest")
                features = larger + self.skips[size](kept[size])
            features = _through(self.falling[size], features, moment)
        result: Tensor = self.leave(F.silu(self.norm(features)))
        return result


class UNetBlock(nn.Module):
    """x + conv(dropout(act(modulated norm(conv(act(norm(x))))))).

    Args:
        told: width of the vector that modulates.
    """

    def __init__(self, width: int, told: int, dropped: float) -> None:
        super().__init__()
        self.dropped = dropped
        self.first_norm, self.second_norm = _norm(width), _norm(width)
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.modulation = Modulation(told, width)
        with torch.no_grad():
            self.second.weight.mul_(0.1)

    def forward(self, features: Tensor, vector: Tensor) -> Tensor:
        """Map features (N, width, h, w) to the same shape; vector is (N, told)."""
        inner = self.first(F.silu(self.first_norm(features)))
        inner = F.silu(self.modulation(self.second_norm(inner), vector))
        result: Tensor = features + self.second(dropout(inner, self.dropped, self.training))
        return result


class UNetAttention(nn.Module):
    """Positions look at each other, and at a condition's tokens."""

    def __init__(self, width: int, heads: int, told: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.attention = SelfAttention(width, heads)
        self.cross = CrossAttention(width, heads, told) if told else None

    def forward(self, features: Tensor, prompt: Prompt) -> Tensor:
        """Map features (N, width, h, w) to the same shape."""
        tokens = features.flatten(2).transpose(1, 2)
        tokens = tokens + self.attention(self.norm(tokens))
        if self.cross is not None:
            tokens = tokens + self.cross(F.layer_norm(tokens, tokens.shape[-1:]), prompt, 0)
        return tokens.transpose(1, 2).unflatten(2, features.shape[2:])


def _norm(width: int) -> nn.GroupNorm:
    """Return a norm of groups of channels: Wu and He 2018."""
    groups = next(count for count in range(min(_GROUPS, width), 0, -1) if width % count == 0)
    return nn.GroupNorm(groups, width)


def _through(blocks: nn.Module, features: Tensor, vector: Tensor) -> Tensor:
    assert isinstance(blocks, nn.ModuleList)
    for block in blocks:
        features = block(features, vector)
    return features
