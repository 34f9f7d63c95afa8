"""Networks are built without storage, and not without end."""

from typing import Any

import pytest
import torch
from torch import nn

from mmgen.errors import ModelFileError
from mmgen.pretrained import skeleton
from mmgen.pretrained.skeleton import without_storage


def test_a_networks_tensors_have_no_storage() -> None:
    with without_storage(0):
        made = nn.Sequential(nn.Linear(10**6, 10**6), nn.Embedding(10**9, 10**3), nn.BatchNorm2d(3))
        steps = torch.linspace(0, 1, 10**9)
        places = torch.arange(10**9)
    tensors = [*made.parameters(), *made.buffers(), steps, places]
    assert all(tensor.is_meta for tensor in tensors)
    assert not torch.empty(1).is_meta


def test_a_device_that_is_named_is_kept() -> None:
    with without_storage(0):
        assert not torch.zeros(3, device="cpu").is_meta
        assert torch.zeros(3, device=None).is_meta


def test_all_that_torchs_own_context_turns_to_its_device_is_turned() -> None:
    device = pytest.importorskip("torch.utils._device")
    assert device._device_constructors() <= skeleton._MAKERS


@pytest.mark.parametrize(
    "layer", [lambda: nn.Linear(2, 2), lambda: nn.Parameter(torch.tensor(1.0))]
)
def test_a_network_that_is_far_larger_than_its_file_is_refused(layer: Any) -> None:
    def make() -> None:
        with without_storage(100):
            for _ in range(10**9):
                layer()

    with pytest.raises(ModelFileError, match="far larger than the weights"):
        make()


def test_a_network_as_large_as_its_file_is_not() -> None:
    with without_storage(20_000):
        nn.ModuleList(nn.Linear(2, 2) for _ in range(10_000))
