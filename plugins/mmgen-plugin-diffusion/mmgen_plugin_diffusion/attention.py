"""Attention with normalised queries and keys, among tokens and from them to a condition's."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgen_plugin_diffusion.prompt import Prompt

_FEW = 256**2
"""Pairs of tokens."""


class HeadNorm(nn.Module):
    """Root mean square normalisation of each head (Zhang and Sennrich 2019).

    Of queries and keys it keeps the attention's logits from growing (Henry et al. 2020).
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, features: Tensor) -> Tensor:
        """Normalise features (…, width)."""
        return F.rms_norm(features, self.weight.shape, self.weight.to(features.dtype), eps=1e-6)


class SelfAttention(nn.Module):
    """Tokens look at each other: Vaswani et al. 2017.

    Queries and keys are normalised by one layer, at once: of two, the product of the weights is all
    that would count.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.queries_keys = nn.Linear(width, 2 * width)
        self.values = nn.Linear(width, width)
        self.norm = HeadNorm(width // heads)
        self.leave = nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map tokens (N, L, width) to as many."""
        both = self.norm(self.queries_keys(tokens).unflatten(2, (2, self.heads, -1)))
        value = self.values(tokens).unflatten(2, (self.heads, -1)).transpose(1, 2)
        query, key = both.to(value).transpose(1, 3).unbind(2)
        found = attend(query, key, value, None)
        result: Tensor = self.leave(found.transpose(1, 2).flatten(2))
        return result


class CrossAttention(nn.Module):
    """Tokens look at a condition's: Rombach et al. 2022, section 3.3. Starts as nothing.

    Args:
        told: width of the condition's tokens.
    """

    def __init__(self, width: int, heads: int, told: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.keys = nn.Linear(told, width)
        self.values = nn.Linear(told, width)
        self.query_norm = HeadNorm(width // heads)
        self.key_norm = HeadNorm(width // heads)
        self.leave = nn.Linear(width, width)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def prepare(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Return keys and values, (N, heads, L, D), of a condition's tokens (N, L, told)."""
        value = self.values(tokens).unflatten(2, (self.heads, -1)).transpose(1, 2)
        key = self.key_norm(self.keys(tokens).unflatten(2, (self.heads, -1))).transpose(1, 2)
        return key.to(value), value

    def forward(self, tokens: Tensor, prompt: Prompt, layer: int) -> Tensor:
        """Return what tokens (N, L, width) find in the prompt of this layer."""
        key, value = prompt.keys[layer], prompt.values[layer]
        query = self.query_norm(self.query(tokens).unflatten(2, (self.heads, -1)))
        query = query.to(value).transpose(1, 2)
        if prompt.looks is not None:
            prompt.looks.append(_weights(query, key, prompt.mask))
        found = attend(query, key, value, prompt.mask)
        result: Tensor = self.leave(found.transpose(1, 2).flatten(2))
        return result


def attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
    """Return softmax(q kᵀ / √D) v, (N, heads, L, D): Vaswani et al. 2017, equation 1.

    Where gradients of few tokens are wanted, the CPU computes it as it is written: torch's own
    kernel takes four times as long for them.

    Args:
        mask: bool, True where a key may be looked at; broadcasts to (N, heads, L, M).
    """
    few = query.shape[2] * key.shape[2] <= _FEW
    if not (few and query.device.type == "cpu" and torch.is_grad_enabled()):
        return F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    scores = (query * query.shape[3] ** -0.5) @ key.transpose(2, 3)
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    return scores.softmax(dim=3).to(value) @ value


def _weights(query: Tensor, key: Tensor, mask: Tensor | None) -> Tensor:
    """Return the weights of attention, float32 (N, queries, L), the mean over the heads."""
    scores = (query.float() @ key.float().transpose(2, 3)) / query.shape[3] ** 0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    return scores.softmax(dim=3).mean(dim=1)
