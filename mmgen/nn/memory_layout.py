"""How tensors lie in memory."""

import torch
from torch import nn


def channels_last(module: nn.Module) -> None:
    """Let kernels (4-D parameters and buffers) lie in place with their channels last.

    Convolutions are fastest so, on the CPU and, in half precision, on GPUs.
    """
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
