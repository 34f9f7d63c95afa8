"""From the vectors of words to one of the text."""

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from mmgen.nn import AttentionPooling, masked_mean


class Bag(nn.Module):
    """The mean of the words, whatever their order."""

    def __init__(self, dimension: int) -> None:
        super().__init__()
        self.width = dimension

    def forward(self, tokens: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return tokens (N, L, width) and pooled (N, width)."""
        return tokens, masked_mean(tokens, mask)


class Attention(nn.Module):
    """A mean whose weights are learned."""

    def __init__(self, dimension: int) -> None:
        super().__init__()
        self.width = dimension
        self.mean = AttentionPooling(dimension)

    def forward(self, tokens: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return tokens (N, L, width) and pooled (N, width)."""
        return tokens, self.mean(tokens, mask)


class Recurrent(nn.Module):
    """A GRU in both directions: tokens are its states, the text is its last one of each.

    Cho et al. 2014; Schuster and Paliwal 1997.
    """

    def __init__(self, dimension: int, hidden: int) -> None:
        super().__init__()
        self.width = hidden
        self.gru = nn.GRU(dimension, hidden // 2, batch_first=True, bidirectional=True)

    def forward(self, tokens: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return tokens (N, L, width) and pooled (N, width)."""
        lengths = mask.sum(dim=1).cpu()
        packed = pack_padded_sequence(tokens, lengths, batch_first=True, enforce_sorted=False)
        states, last = self.gru(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=tokens.shape[1])
        return states, torch.cat([last[0], last[1]], dim=1)
