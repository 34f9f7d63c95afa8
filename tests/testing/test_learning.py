"""Checks of trainers find what they are there to find."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mmgen.interfaces import Batch, Noise, Stage
from mmgen.testing import ContractError, NotApplicable
from mmgen.testing.learning import (
    check_each_phase_lowers_its_loss,
    check_evaluation,
    check_every_parameter_learns,
    check_stages_are_in_order,
)
from mmgen.testing.tiny.network import TinyNet
from mmgen.testing.tiny.trainer import TinyTrainer


class Changed(TinyTrainer):
    """The tiny trainer with a changed phase or stage."""

    def change(self, stage: Stage) -> Stage:
        return stage

    def stages(self) -> list[Stage]:
        return [self.change(stage) for stage in super().stages()]

    def with_phase(self, stage: Stage, **changes: Any) -> Stage:
        return replace(stage, phases=[replace(stage.phases[0], **changes)])


class NoStages(Changed):
    def stages(self) -> list[Stage]:
        return []


class NoPhases(Changed):
    def change(self, stage: Stage) -> Stage:
        return replace(stage, phases=[])


class SameNames(Changed):
    def change(self, stage: Stage) -> Stage:
        return replace(stage, phases=[*stage.phases, *stage.phases])


class UpdatesFrozen(Changed):
    def change(self, stage: Stage) -> Stage:
        return replace(stage, frozen=(self.model.encoder,))


class Outsider(Changed):
    def change(self, stage: Stage) -> Stage:
        outside = nn.Parameter(torch.zeros(1))
        return self.with_phase(stage, parameters=[*stage.phases[0].parameters, outside])


class Twice(Changed):
    def change(self, stage: Stage) -> Stage:
        return self.with_phase(stage, parameters=list(stage.phases[0].parameters) * 2)


@pytest.mark.parametrize(
    ("trainer", "words"),
    [
        (NoStages, "at least one stage"),
        (NoPhases, "at least one phase"),
        (SameNames, "distinct names"),
        (UpdatesFrozen, "which stage 'learn' freezes"),
        (Outsider, "not be checkpointed"),
        (Twice, "twice"),
    ],
)
def test_stages_that_contradict_themselves_are_found(
    broken: Any, trainer: type, words: str
) -> None:
    with pytest.raises(ContractError, match=words):
        check_stages_are_in_order(broken(trainer=trainer))


class ForgetsTheDecoder(Changed):
    def change(self, stage: Stage) -> Stage:
        decoder = {id(parameter) for parameter in self.model.decoder.parameters()}
        rest = [p for p in stage.phases[0].parameters if id(p) not in decoder]
        return self.with_phase(stage, parameters=rest)


class FreezesTheDecoder(ForgetsTheDecoder):
    def change(self, stage: Stage) -> Stage:
        return replace(super().change(stage), frozen=(self.model.decoder,))


class AveragesTheDecoder(ForgetsTheDecoder):
    def change(self, stage: Stage) -> Stage:
        return self.with_phase(super().change(stage), after_step=self.average)

    @torch.no_grad()
    def average(self, step: int) -> None:
        for parameter in self.model.decoder.parameters():
            parameter.mul_(0.9)


class IdleLayer(TinyNet):
    def __init__(self, config: Any, *, conditioner: Any = None) -> None:
        super().__init__(config, conditioner=conditioner)
        self.idle = nn.Linear(2, 2)


class ReadsNoTokens(TinyNet):
    uses_tokens = True


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"trainer": ForgetsTheDecoder}, "'model.decoder.weight'.* is claimed by no phase"),
        ({"network": IdleLayer}, "claims 'model.idle.weight', which gets no gradient"),
        ({"network": ReadsNoTokens}, "token_projections.*no gradient"),
    ],
)
def test_parameters_that_do_not_learn_are_found(
    broken: Any, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(ContractError, match=words):
        check_every_parameter_learns(broken(**changes))


@pytest.mark.parametrize("trainer", [FreezesTheDecoder, AveragesTheDecoder])
def test_parameters_that_are_frozen_or_updated_otherwise_pass(broken: Any, trainer: type) -> None:
    check_every_parameter_learns(broken(trainer=trainer))


class Climbs(TinyTrainer):
    """Reports the error, and follows its negative gradient."""

    def loss(self, batch: Batch, step: int, rng: Noise) -> dict[str, Tensor]:
        error = super().loss(batch, step, rng)["loss"]
        return {"loss": 2 * error.detach() - error}


class OtherLossEachTime(TinyTrainer):
    calls = 0

    def loss(self, batch: Batch, step: int, rng: Noise) -> dict[str, Tensor]:
        self.calls += 1
        return {"loss": super().loss(batch, step, rng)["loss"] * self.calls}


class NotFinite(TinyTrainer):
    def loss(self, batch: Batch, step: int, rng: Noise) -> dict[str, Tensor]:
        return {"loss": super().loss(batch, step, rng)["loss"] * torch.inf}


class OnePerPicture(TinyTrainer):
    def loss(self, batch: Batch, step: int, rng: Noise) -> dict[str, Tensor]:
        return {"loss": super().evaluate(batch, rng)["error"]}


class NoLoss(TinyTrainer):
    def loss(self, batch: Batch, step: int, rng: Noise) -> dict[str, Tensor]:
        return {"error": super().loss(batch, step, rng)["loss"]}


class Detached(TinyTrainer):
    def loss(self, batch: Batch, step: int, rng: Noise) -> dict[str, Tensor]:
        return {"loss": super().loss(batch, step, rng)["loss"].detach()}


@pytest.mark.parametrize(
    ("trainer", "words"),
    [
        (Climbs, "lowers its loss"),
        (OtherLossEachTime, "must give the same loss"),
        (NotFinite, "finite"),
        (OnePerPicture, "scalar"),
        (NoLoss, "a dict with 'loss'"),
        (Detached, "depend on the phase's parameters"),
    ],
)
def test_losses_that_do_not_go_down_are_found(broken: Any, trainer: type, words: str) -> None:
    with pytest.raises(ContractError, match=words):
        check_each_phase_lowers_its_loss(broken(trainer=trainer))


def test_a_phase_may_say_why_it_does_not_descend(broken: Any) -> None:
    why = {"autoencoder": "straight-through"}
    check_each_phase_lowers_its_loss(broken(trainer=Climbs, not_descending=why))


class MeanOnly(TinyTrainer):
    def evaluate(self, batch: Batch, rng: Noise) -> dict[str, Tensor]:
        return {"error": super().evaluate(batch, rng)["error"].mean()}


class ComparesPictures(TinyTrainer):
    def evaluate(self, batch: Batch, rng: Noise) -> dict[str, Tensor]:
        error = super().evaluate(batch, rng)["error"]
        return {"error": error - error.mean()}


class NoFigures(TinyTrainer):
    def evaluate(self, batch: Batch, rng: Noise) -> dict[str, Tensor]:
        return {}


@pytest.mark.parametrize(
    ("trainer", "words"),
    [
        (MeanOnly, "one per picture"),
        (ComparesPictures, "other pictures of the batch"),
        (NoFigures, "at least one figure"),
    ],
)
def test_figures_that_are_not_per_picture_are_found(broken: Any, trainer: type, words: str) -> None:
    with pytest.raises(ContractError, match=words):
        check_evaluation(broken(trainer=trainer))


def test_an_architecture_without_trainer_is_not_asked(broken: Any) -> None:
    with pytest.raises(NotApplicable, match="no trainer"):
        check_evaluation(broken(registered={"trainer": None}))
