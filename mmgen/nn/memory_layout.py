"""How tensors lie in memory."""

import torch
from torch import nn


def channels_last(module: nn.Module) -> None:
    """Let the kernels of pictures, 4-D parameters, lie with their channels last.

    Convolutions are fastest so, on the CPU and, in half precision, on GPUs.
    """
    for parameter in module.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.to(memory_format=torch.channels_last)
