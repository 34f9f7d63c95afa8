"""How tensors lie in memory."""

import torch
from torch import nn

from mmgen.nn import channels_last


def test_kernels_lie_with_their_channels_last_and_stay_the_same() -> None:
    network = nn.Sequential(nn.Conv2d(3, 5, 3), nn.Flatten(), nn.Linear(5, 2))
    kernel, weight = network[0].weight, network[2].weight
    values = kernel.detach().clone()
    channels_last(network)
    assert network[0].weight is kernel
    assert kernel.is_contiguous(memory_format=torch.channels_last)
    assert not kernel.is_contiguous()
    assert torch.equal(kernel, values)
    assert weight.is_contiguous()


def test_kernels_of_film_stay_as_they_are() -> None:
    layer = nn.Conv3d(2, 3, 3)
    channels_last(layer)
    assert layer.weight.is_contiguous()
