"""What both networks rectify with."""

import torch.nn.functional as F
from torch import Tensor


def rectify(features: Tensor) -> Tensor:
    """Return max(x, x / 5): fast in half precision, and differentiated twice at no cost."""
    return F.leaky_relu(features, 0.2)
