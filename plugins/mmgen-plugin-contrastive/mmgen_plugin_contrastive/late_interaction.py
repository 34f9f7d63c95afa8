"""How alike two sets of tokens are, where each token looks for its own."""

import torch
from torch import Tensor

from mmgen.interfaces import Embedding


def cosines_by_tokens(one: Embedding, other: Embedding) -> Tensor:
    """Return how alike each of N values is to each of M others, (N, M), token by token.

    Each token takes the most alike of the other's tokens, and a value counts the mean over its
    tokens: Yao et al. 2022, equations 4 and 5. Here it is the mean of both ways.

    Args:
        one, other: tokens (N, L, D) and (M, K, D), those of the masks of length 1; each has one.
    """
    # (N, M, L, K), as one product of all tokens
    alike = (one.tokens.flatten(0, 1) @ other.tokens.flatten(0, 1).T).view(
        *one.tokens.shape[:2], *other.tokens.shape[:2]
    )
    alike = alike.transpose(1, 2)
    mine, theirs = one.token_mask[:, None, :], other.token_mask[None, :, :]
    forth = alike.masked_fill(~theirs[:, :, None, :], -torch.inf).amax(dim=3)
    back = alike.masked_fill(~mine[..., None], -torch.inf).amax(dim=2)
    return (_mean(forth, mine) + _mean(back, theirs)) / 2


def _mean(values: Tensor, mask: Tensor) -> Tensor:
    """Return the mean over the last axis where the mask is; no gradient goes elsewhere."""
    return values.masked_fill(~mask, 0).sum(dim=2) / mask.sum(dim=2)
