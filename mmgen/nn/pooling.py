"""From a row of tokens to one vector."""

import torch
from torch import Tensor, nn


def masked_mean(tokens: Tensor, mask: Tensor) -> Tensor:
    """Return the mean (N, D) of tokens (N, L, D) where mask, bool (N, L), is True; 0 of none."""
    weights = mask.to(tokens.dtype)[..., None]
    return (tokens * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1)


class AttentionPooling(nn.Module):
    """A mean whose weights are learned: Yang et al. 2016, equations 5 to 7.

    Args:
        width: D of the tokens.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Linear(width, width)
        self.query = nn.Linear(width, 1, bias=False)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """Return the mean (N, D) of tokens (N, L, D) where mask, bool (N, L), is True.

        Each row needs a token.
        """
        scores = self.query(self.inner(tokens).tanh())[..., 0]
        weights = scores.masked_fill(~mask, -torch.inf).softmax(dim=1)
        return torch.einsum("nl,nld->nd", weights, tokens)
