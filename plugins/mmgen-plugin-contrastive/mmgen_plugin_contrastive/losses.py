"""Losses of a batch whose rows belong together, and nothing else: pure functions of tensors.

`cosines` are (N, N): row i is one modality's value i, column j the other's value j; i and i belong
together. `alike` is bool (N, N), True for two rows that cannot be told apart, as those of one
caption: they are no negatives, and count for nothing. What it says of the diagonal is ignored.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def softmax_losses(
    cosines: Tensor, scale: Tensor, alike: Tensor | None = None, wrong: Tensor | None = None
) -> Tensor:
    """Return nats (N,): cross-entropy of each row's partner, and of each column's, halved.

    Radford et al. 2021, figure 3; van den Oord et al. 2018, equation 4.

    Args:
        scale: 1 over the temperature.
        wrong: (N, K), cosines with others that belong to no row.
    """
    logits = cosines * scale
    if alike is not None:
        logits = logits.masked_fill(_others(alike), -torch.inf)
    partner = torch.arange(len(logits), device=logits.device)
    all_columns = logits if wrong is None else torch.cat([logits, wrong * scale], dim=1)
    forth = F.cross_entropy(all_columns, partner, reduction="none")
    back = F.cross_entropy(logits.T, partner, reduction="none")
    return (forth + back) / 2


def sigmoid_losses(
    cosines: Tensor,
    scale: Tensor,
    bias: Tensor,
    alike: Tensor | None = None,
    wrong: Tensor | None = None,
) -> Tensor:
    """Return nats (N,): of each row, whether it belongs to each of the columns, summed.

    Zhai et al. 2023, equation 1: -log σ(z (t x · y + b)), z 1 for partners and -1 for others.

    Args:
        scale, bias: t and b.
        wrong: as for the softmax.
    """
    signs = 2 * torch.eye(len(cosines), device=cosines.device, dtype=cosines.dtype) - 1
    losses = -F.logsigmoid(signs * (cosines * scale + bias))
    if alike is not None:
        losses = losses.masked_fill(_others(alike), 0)
    total = losses.sum(dim=1)
    if wrong is not None:
        total = total + F.softplus(wrong * scale + bias).sum(dim=1)
    return total


def hits(cosines: Tensor, alike: Tensor | None = None) -> Tensor:
    """Return how often the partner, or one alike, is the nearest, (N,): 0, 0.5 or 1.

    Half for each direction. Where another is as near, it is not found.
    """
    own = cosines.diagonal()
    if not len(own):
        return own
    same = torch.eye(len(cosines), dtype=torch.bool, device=cosines.device)
    if alike is not None:
        same = same | alike
    rivals = cosines.masked_fill(same, -torch.inf)
    forth, back = own > rivals.amax(dim=1), own > rivals.amax(dim=0)
    return (forth.to(cosines.dtype) + back.to(cosines.dtype)) / 2


def _others(alike: Tensor) -> Tensor:
    return alike & ~torch.eye(len(alike), dtype=torch.bool, device=alike.device)
