"""Dropout that does not wait for its random numbers."""

import torch
import torch.nn.functional as F
from torch import Tensor

_VALUES = 2**16
"""How many values the 16 random bits of an element have."""


def dropout(features: Tensor, probability: float, training: bool) -> Tensor:
    """Set elements to 0 with a probability and scale the others by its complement's inverse.

    Srivastava et al. 2014. On the CPU torch draws one number after the other, which costs as much
    as a convolution; here each 64-bit draw of torch's default generator serves four elements, so
    the probability is rounded to a multiple of 2⁻¹⁶. Compiled code has fast numbers of its own.

    Args:
        features: of any shape.
        probability: of 0, from 0 to 1.
        training: whether to drop at all.
    """
    if not training or probability == 0:
        return features
    dropped = round(probability * _VALUES)
    fast = features.device.type != "cpu" or torch.compiler.is_compiling()
    if fast or dropped == _VALUES:
        return F.dropout(features, probability)
    words = torch.empty(-(-features.numel() // 4), dtype=torch.int64)
    bits = words.random_(-(2**63), None).view(torch.int16)
    mask = torch.empty_like(features)
    torch.ge(bits.as_strided(mask.shape, mask.stride()), dropped - _VALUES // 2, out=mask)
    return features * mask.mul_(_VALUES / (_VALUES - dropped))
