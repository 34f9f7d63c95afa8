"""The denoiser: a transformer on patches."""

from collections.abc import Sequence
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgen.interfaces import Condition
from mmgen.nn import dropout
from mmgen_plugin_diffusion.attention import CrossAttention, SelfAttention
from mmgen_plugin_diffusion.config import DiffusionConfig
from mmgen_plugin_diffusion.embedding import TimeEmbedding, places
from mmgen_plugin_diffusion.inheritance import (
    enter_by_smaller,
    leave_by_smaller,
    places_between,
)
from mmgen_plugin_diffusion.prompt import Denoiser, Prompt, token_mask

_PER_BLOCK = 6


class DiffusionTransformer(Denoiser):
    """Peebles and Xie 2023 with adaLN-Zero, and cross-attention to tokens (their section 3.2).

    Each block is the identity at the start, and the whole predicts 0.

    Args:
        config: hidden, depth, heads, patch and dropout.
        channels: of what is noisy; as many come out.
        hints: further channels that go in.
        sides: height and width of what is noisy.
        told: width of the condition; 0 for none.
    """

    def __init__(
        self,
        config: DiffusionConfig,
        *,
        channels: int,
        hints: int,
        sides: tuple[int, int],
        told: int,
    ) -> None:
        super().__init__()
        width, self.patch = config.hidden, config.patch
        self.grid = (sides[0] // self.patch, sides[1] // self.patch)
        self.enter = nn.Linear((channels + hints) * self.patch**2, width)
        self.places = nn.Parameter(torch.empty(self.grid[0] * self.grid[1], width))
        if not self.places.is_meta:  # of a model that is loaded they come from the file
            self.places.data.copy_(places(*self.grid, width))
        self.time = TimeEmbedding(width)
        self.pooled = nn.Linear(told, width) if told else None
        self.blocks = nn.ModuleList(
            [
                TransformerBlock(width, config.heads, config.dropout, told)
                for _ in range(config.depth)
            ]
        )
        # Of all blocks, and of what follows them: one product in place of many small ones.
        self.modulation = nn.Linear(width, (_PER_BLOCK * config.depth + 2) * width)
        self.leave = nn.Linear(width, channels * self.patch**2)
        for layer in (self.modulation, self.leave):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def inherit(self, other: Self) -> None:
        """Take over what another one learned, of larger patches or without hints."""
        state = other.state_dict()
        channels = self.enter.in_features // self.patch**2
        sizes = other.patch, self.patch
        state["enter.weight"] = enter_by_smaller(state["enter.weight"], channels, *sizes)
        for name in ("leave.weight", "leave.bias"):
            state[name] = leave_by_smaller(state[name], *sizes)
        state["places"] = places_between(state["places"], other.grid, self.grid)
        self.load_state_dict(state)

    def prepare(self, condition: Condition, looks: list[Tensor] | None = None) -> Prompt:
        """Return what the layers need of a condition; `looks` as in `Prompt`."""
        if self.pooled is None:
            return Prompt(None)
        layers = [block.cross for block in self.blocks if isinstance(block, TransformerBlock)]
        pairs = [layer.prepare(condition.tokens) for layer in layers if layer is not None]
        return Prompt(
            self.pooled(condition.pooled),
            [key for key, _ in pairs],
            [value for _, value in pairs],
            token_mask(condition),
            looks,
        )

    def moment(self, times: Tensor, prompt: Prompt, levels: Tensor | None = None) -> Tensor:
        """Return shifts, scales and gates of all layers, (N, parts · width)."""
        vector = self.time(times, levels)
        if prompt.vector is not None:
            vector = vector + prompt.vector
        found: Tensor = self.modulation(F.silu(vector))
        return found

    def denoise(self, noisy: Tensor, moment: Tensor, prompt: Prompt) -> Tensor:
        """Return the prediction (N, channels, h, w)."""
        parts = moment[:, None].chunk(_PER_BLOCK * len(self.blocks) + 2, dim=2)
        tokens = self.enter(F.pixel_unshuffle(noisy, self.patch).flatten(2).transpose(1, 2))
        tokens = tokens + self.places
        for layer, block in enumerate(self.blocks):
            own = parts[_PER_BLOCK * layer : _PER_BLOCK * (layer + 1)]
            tokens = block(tokens, own, prompt, layer)
        tokens = self.leave(_modulated(tokens, *parts[-2:]))
        maps = tokens.transpose(1, 2).unflatten(2, self.grid)
        return F.pixel_shuffle(maps, self.patch)


class TransformerBlock(nn.Module):
    """Attention among tokens, attention to the condition's, and a gated network for each."""

    def __init__(self, width: int, heads: int, dropped: float, told: int) -> None:
        super().__init__()
        self.dropped = dropped
        self.attention = SelfAttention(width, heads)
        self.cross = CrossAttention(width, heads, told) if told else None
        self.network = GatedNetwork(width)

    def forward(
        self, tokens: Tensor, parts: Sequence[Tensor], prompt: Prompt, layer: int
    ) -> Tensor:
        """Map tokens (N, L, width) to as many; parts are six of (N, 1, width)."""
        shift, scale, gate, late_shift, late_scale, late_gate = parts
        found = self.attention(_modulated(tokens, shift, scale))
        tokens = torch.addcmul(tokens, gate, self._dropped(found))
        if self.cross is not None:
            normed = F.layer_norm(tokens, tokens.shape[-1:])
            tokens = tokens + self._dropped(self.cross(normed, prompt, layer))
        found = self.network(_modulated(tokens, late_shift, late_scale))
        return torch.addcmul(tokens, late_gate, self._dropped(found))

    def _dropped(self, features: Tensor) -> Tensor:
        return dropout(features, self.dropped, self.training)


class GatedNetwork(nn.Module):
    """Two layers with a gate: SwiGLU of Shazeer 2020, equation 6, with as many weights as usual."""

    def __init__(self, width: int) -> None:
        super().__init__()
        inner = -(-8 * width // 3 // 16) * 16
        self.enter = nn.Linear(width, 2 * inner)
        self.leave = nn.Linear(inner, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map tokens (…, width) to as many."""
        gate, values = self.enter(tokens).chunk(2, dim=-1)
        result: Tensor = self.leave(F.silu(gate) * values)
        return result


def _modulated(tokens: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """Return normalised tokens (N, L, D), scaled and shifted by (N, 1, D)."""
    normed = F.layer_norm(tokens, tokens.shape[-1:])
    return torch.addcmul(shift, normed, 1 + scale)
