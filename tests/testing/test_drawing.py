"""Checks of drawing find what they are there to find."""

import time
from typing import Any

import pytest
import torch
from torch import Tensor

from mmgen.interfaces import Condition, Noise
from mmgen.testing import ContractError, NotApplicable
from mmgen.testing.drawing import (
    check_half_precision,
    check_pictures,
    check_same_seed_same_pictures,
    check_seeds_differ,
    check_threads,
    check_walk,
)
from mmgen.testing.tiny.network import TinyNet


class Transposed(TinyNet):
    def sample(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
        return super().sample(condition, rng, options).transpose(2, 3)


class OutOfRange(TinyNet):
    def sample(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
        return 2 * super().sample(condition, rng, options)


class NotFinite(TinyNet):
    def sample(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
        return super().sample(condition, rng, options) * torch.nan


@pytest.mark.parametrize(
    ("network", "words"),
    [(Transposed, "non_square.*shape"), (OutOfRange, r"\[0, 1\]"), (NotFinite, "NaN")],
)
def test_wrong_pictures_are_found(broken: Any, network: type, words: str) -> None:
    with pytest.raises(ContractError, match=words):
        check_pictures(broken(network))


@pytest.mark.parametrize(
    ("size", "words"),
    [
        ({"colour": {}}, "3 channels"),
        ({"non_square": {}}, "sides must differ"),
        ({"large": {"height": 128}}, "128 px"),
    ],
)
def test_a_size_that_is_not_what_it_is_called_is_found(
    broken: Any, size: dict[str, Any], words: str
) -> None:
    with pytest.raises(ContractError, match=words):
        check_pictures(broken(**size))


def test_a_size_that_the_family_does_not_allow_is_left_out(broken: Any) -> None:
    case = broken(colour="digits are grey", non_square="digits are square", large="28 px")
    assert [name for name, _ in case.configs()] == ["config"]
    check_pictures(case)


class TorchsOwnNoise(TinyNet):
    def sample(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
        pictures = super().sample(condition, rng, options)
        return (pictures + 0.1 * torch.rand_like(pictures)).clamp(0, 1)


class MixesTheBatch(TinyNet):
    def sample(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
        pictures = super().sample(condition, rng, options)
        return (pictures + pictures.mean(dim=0)) / 2


class CountsRows(TinyNet):
    def sample(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
        pictures = super().sample(condition, rng, options)
        rows = torch.arange(len(pictures)) / len(pictures)
        return (pictures + rows.view(-1, 1, 1, 1)) / 2


@pytest.mark.parametrize(
    ("network", "words"),
    [(TorchsOwnNoise, "bit for bit"), (MixesTheBatch, "batch_size"), (CountsRows, "batch_size")],
)
def test_pictures_that_depend_on_more_than_seed_and_index_are_found(
    broken: Any, network: type, words: str
) -> None:
    with pytest.raises(ContractError, match=words):
        check_same_seed_same_pictures(broken(network))


class Constant(TinyNet):
    def sample(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
        return torch.zeros_like(super().sample(condition, rng, options))


class OneForAll(TinyNet):
    def sample(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
        return super().sample(condition, rng, options)[:1].expand(len(condition), -1, -1, -1)


@pytest.mark.parametrize(("network", "words"), [(Constant, "seed"), (OneForAll, "one call")])
def test_pictures_that_are_all_alike_are_found(broken: Any, network: type, words: str) -> None:
    with pytest.raises(ContractError, match=words):
        check_seeds_differ(broken(network))


def test_a_family_without_randomness_says_so(broken: Any) -> None:
    with pytest.raises(NotApplicable):
        check_seeds_differ(broken(Constant, random=False))


def test_a_walk_that_goes_elsewhere_is_found(broken: Any) -> None:
    with pytest.raises(ContractError, match="ends"):
        check_walk(broken(MixesTheBatch))


class KeepsStateOnTheModel(TinyNet):
    def sample(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
        self.pooled = condition.pooled
        time.sleep(0.005)
        return super().sample(condition, rng, options) * torch.sigmoid(self.pooled.mean())


class RefusesASecondCaller(TinyNet):
    busy = False

    def sample(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
        if self.busy:
            raise RuntimeError("busy")
        self.busy = True
        time.sleep(0.005)
        self.busy = False
        return super().sample(condition, rng, options)


@pytest.mark.parametrize(
    ("network", "words"),
    [(KeepsStateOnTheModel, "other threads"), (RefusesASecondCaller, "failed in a thread.*busy")],
)
def test_threads_that_disturb_each_other_are_found(broken: Any, network: type, words: str) -> None:
    with pytest.raises(ContractError, match=words):
        check_threads(broken(network))


class OverflowsInHalfPrecision(TinyNet):
    def sample(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
        pictures = super().sample(condition, rng, options)
        return pictures / (pictures.dtype == torch.float32)


def test_half_precision_that_goes_wrong_is_found(broken: Any) -> None:
    with pytest.raises(ContractError, match="bfloat16"):
        check_half_precision(broken(OverflowsInHalfPrecision))
    with pytest.raises(NotApplicable, match="divides"):
        check_half_precision(broken(OverflowsInHalfPrecision, half_precision="it divides"))
