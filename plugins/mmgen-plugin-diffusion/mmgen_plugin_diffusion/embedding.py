"""Times, step sizes and places as vectors."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

FINEST = 7
"""log₂ of the number of steps of the flow that short cuts are first learned from, 128; the smallest
short cuts are of two of them."""
_FREQUENCIES = 64
_LONGEST = 10_000.0


class TimeEmbedding(nn.Module):
    """A vector for the time, and for how far the next step goes: Frans et al. 2024, section 3.

    The steps' part starts at zero, so that a model that learned a flow is one of short cuts that
    has not begun to learn them.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Linear(2 * _FREQUENCIES, width)
        self.second = nn.Linear(width, width)
        self.steps = nn.Embedding(FINEST + 1, width)
        nn.init.zeros_(self.steps.weight)

    def forward(self, times: Tensor, levels: Tensor | None = None) -> Tensor:
        """Return (N, width).

        Args:
            times: float32 (N,), 0 to 1.
            levels: int64 (N,): 0 for the flow itself, 1 + k for a step of 2⁻ᵏ; None: the flow.
        """
        features = sinusoids(1000 * times.float(), _FREQUENCIES).to(self.first.weight.dtype)
        vector: Tensor = self.second(F.silu(self.first(features)))
        if levels is None:
            return vector + self.steps.weight[0]
        found: Tensor = vector + self.steps(levels)
        return found


def sinusoids(values: Tensor, frequencies: int) -> Tensor:
    """Return cosines and sines (N, 2 · frequencies) of values (N,): Vaswani et al. 2017."""
    ladder = torch.arange(frequencies, device=values.device) / frequencies
    angles = values[:, None] * torch.exp(-math.log(_LONGEST) * ladder)
    return torch.cat([angles.cos(), angles.sin()], dim=1)


def places(height: int, width: int, features: int) -> Tensor:
    """Return (height · width, features): half tells the row, half the column.

    Dosovitskiy et al. 2021, appendix D.4; `features` is a multiple of 4.
    """
    rows = sinusoids(torch.arange(height).float(), features // 4)
    columns = sinusoids(torch.arange(width).float(), features // 4)
    both = [rows[:, None].expand(-1, width, -1), columns[None].expand(height, -1, -1)]
    return torch.cat(both, dim=2).flatten(0, 1)
