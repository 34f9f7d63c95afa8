"""Checks of saving and replaying find what they are there to find."""

import itertools
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mmgen.errors import PluginError
from mmgen.interfaces import Condition, Noise
from mmgen.testing import ContractError
from mmgen.testing.keeping import (
    check_memory_format_is_not_saved,
    check_recipe_replays,
    check_saved_model_is_whole,
)
from mmgen.testing.tiny.network import TinyNet

_numbers = itertools.count(1)


class UnsavedScale(TinyNet):
    """Draws a number when it is built, and keeps it where no file does."""

    def __init__(self, config: Any, *, conditioner: Any = None) -> None:
        super().__init__(config, conditioner=conditioner)
        self.scale = 1 / next(_numbers)

    def sample(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
        return self.scale * super().sample(condition, rng, options)


@pytest.mark.parametrize("check", [check_saved_model_is_whole, check_recipe_replays])
def test_state_that_is_not_saved_is_found(broken: Any, check: Any) -> None:
    words = "saved one" if check is check_saved_model_is_whole else "recipe"
    with pytest.raises(ContractError, match=words):
        check(broken(UnsavedScale))


class ForgetsAWeight(TinyNet):
    def __init__(self, config: Any, *, conditioner: Any = None) -> None:
        super().__init__(config, conditioner=conditioner)
        self.register_buffer("counter", torch.zeros(1), persistent=False)
        self.counter += 1

    def sample(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
        return super().sample(condition, rng, options) * self.counter


def test_a_buffer_that_is_not_saved_is_found(broken: Any) -> None:
    with pytest.raises(PluginError, match=r"counter.*persistent"):
        check_saved_model_is_whole(broken(ForgetsAWeight))


class SavesRounded(TinyNet):
    def own_state(self) -> dict[str, Tensor]:
        return {name: tensor.to(torch.bfloat16) for name, tensor in super().own_state().items()}


def test_weights_that_change_when_saved_are_found(broken: Any) -> None:
    with pytest.raises(ContractError, match=r"tensor .* must be the same"):
        check_saved_model_is_whole(broken(SavesRounded))


class ReadsMemoryInOrder(TinyNet):
    """Uses a kernel in the order that it has in memory."""

    def __init__(self, config: Any, *, conditioner: Any = None) -> None:
        super().__init__(config, conditioner=conditioner)
        self.kernel = nn.Parameter(torch.randn(2, 3, 2, 2))

    def sample(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
        first = self.kernel.as_strided((5,), (1,)).sum()
        return torch.sigmoid(first) * super().sample(condition, rng, options)


class SavesMemoryInOrder(ReadsMemoryInOrder):
    def own_state(self) -> dict[str, Tensor]:
        state = super().own_state()
        return state | {"kernel": self.kernel.as_strided((24,), (1,)).view(2, 3, 2, 2)}


@pytest.mark.parametrize("network", [ReadsMemoryInOrder, SavesMemoryInOrder])
def test_memory_formats_that_matter_are_found(broken: Any, network: type) -> None:
    with pytest.raises(ContractError, match=r"memory format|must be the same|give the same"):
        check_memory_format_is_not_saved(broken(network))
