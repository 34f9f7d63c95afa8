"""Checks that train find what they are there to find."""

from typing import Any

import pytest
import torch
from torch import Tensor

from mmgen.interfaces import Batch, Condition, Noise
from mmgen.testing import ContractError, NotApplicable
from mmgen.testing.tiny.network import TinyNet
from mmgen.testing.tiny.trainer import TinyTrainer
from mmgen.testing.training import check_resumes_bit_for_bit, check_trains_with_any_encoder


class CountsOnItsOwn(TinyTrainer):
    """Warms up by a counter that no checkpoint holds."""

    calls = 0

    def loss(self, batch: Batch, step: int, rng: Noise) -> dict[str, Tensor]:
        self.calls += 1
        return {"loss": super().loss(batch, step, rng)["loss"] * self.calls}


class CountsInABuffer(CountsOnItsOwn):
    """Does the same with a buffer, which is checkpointed."""

    def __init__(self, model: Any, options: Any) -> None:
        super().__init__(model, options)
        self.register_buffer("count", torch.zeros(()))

    def loss(self, batch: Batch, step: int, rng: Noise) -> dict[str, Tensor]:
        self.count += 1
        return {"loss": TinyTrainer.loss(self, batch, step, rng)["loss"] * self.count}


def test_a_training_that_goes_on_otherwise_is_found(broken: Any) -> None:
    with pytest.raises(ContractError, match="after an interrupted training"):
        check_resumes_bit_for_bit(broken(trainer=CountsOnItsOwn))


def test_state_in_a_buffer_is_resumed(broken: Any) -> None:
    check_resumes_bit_for_bit(broken(trainer=CountsInABuffer))


class KnowsLabelsOnly(TinyTrainer):
    """Was written for labels: another encoder's condition is lost on it."""

    def loss(self, batch: Batch, step: int, rng: Noise) -> dict[str, Tensor]:
        return super().loss({"target": batch["target"], "label": batch["label"]}, step, rng)


class SpoiledByTraining(TinyNet):
    """Fails to draw once it was saved."""

    def sample(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
        pictures = super().sample(condition, rng, options)
        return pictures if self.origin is None else pictures * torch.nan


def test_trainers_and_models_that_do_not_get_on_with_an_encoder_are_found(broken: Any) -> None:
    with pytest.raises(KeyError, match="text"):
        check_trains_with_any_encoder(broken(trainer=KnowsLabelsOnly))
    with pytest.raises(ContractError, match="finite"):
        check_trains_with_any_encoder(broken(SpoiledByTraining))


@pytest.mark.parametrize("check", [check_trains_with_any_encoder, check_resumes_bit_for_bit])
def test_an_architecture_without_trainer_is_not_asked(broken: Any, check: Any) -> None:
    with pytest.raises(NotApplicable):
        check(broken(registered={"trainer": None}))
