"""Phases: who learns when, on which batch, with which gradients."""

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mmgen.data import PictureData
from mmgen.errors import TrainingError
from mmgen.interfaces import Batch, Noise, Phase, Stage, Trainer
from mmgen.options import Options
from mmgen.training.config import TrainingConfig
from mmgen.training.feed import make_source
from mmgen.training.machine import Machine
from mmgen.training.stage_run import StageRun


class Duel(Trainer[Options]):
    """Two networks against each other: the critic moves twice, the maker every other step."""

    def __init__(self, *, frozen: bool = False) -> None:
        super().__init__(nn.Linear(2, 2), Options())
        self.critic = nn.Linear(2, 1)
        self.frozen = frozen
        self.heard: list[tuple[str, int, bytes, bool, bool]] = []
        self.after: list[tuple[str, int]] = []

    def stages(self) -> Sequence[Stage]:
        critic = Phase(
            name="critic", parameters=list(self.critic.parameters()), loss=self.critic_loss,
            repeat=2, after_step=lambda step: self.after.append(("critic", step)),
        )  # fmt: skip
        maker = Phase(
            name="maker", parameters=list(self.model.parameters()), loss=self.maker_loss, every=2,
            ema=[self.model], after_step=lambda step: self.after.append(("maker", step)),
        )  # fmt: skip
        frozen = [self.critic] if self.frozen else []
        return [Stage(name="duel", phases=[critic, maker], frozen=frozen)]

    def evaluate(self, batch: Batch, rng: Noise) -> dict[str, Tensor]:
        raise NotImplementedError

    def hear(self, name: str, batch: Batch, step: int) -> Tensor:
        opened = (self.critic.weight.requires_grad, self.model.weight.requires_grad)
        self.heard.append((name, step, batch["target"].numpy().tobytes(), *opened))
        return self.critic(self.model(batch["target"].flatten(1)[:, :2])).mean()

    def critic_loss(self, batch: Batch, step: int, rng: Noise) -> dict[str, Tensor]:
        return {"loss": self.hear("critic", batch, step)}

    def maker_loss(self, batch: Batch, step: int, rng: Noise) -> dict[str, Tensor]:
        return {"loss": -self.hear("maker", batch, step)}


def start(trainer: Duel, pictures: PictureData, **settings: Any) -> StageRun:
    config = TrainingConfig.build({"batch_size": 4, "device": "cpu", **settings})
    machine = Machine(config)
    source = make_source(pictures, machine.device)
    return StageRun(trainer, trainer.stages()[0], 0, source, config, machine)


def test_every_and_repeat_are_kept_and_only_repeats_draw_fresh_batches(
    pictures: PictureData,
) -> None:
    trainer = Duel()
    run = start(trainer, pictures)
    logged = [[phase for phase, _ in run.step(step)] for step in range(3)]
    assert logged == [["critic", "critic", "maker"], ["critic", "critic"],
                      ["critic", "critic", "maker"]]  # fmt: skip
    assert trainer.after == [
        ("critic", 0), ("maker", 0), ("critic", 1), ("critic", 2), ("maker", 2)
    ]  # fmt: skip
    first, second, maker, *_ = trainer.heard
    assert first[2] != second[2]
    assert maker[2] == first[2]
    assert run.feed.draws == 6


def test_only_the_phases_own_parameters_ask_for_gradients(pictures: PictureData) -> None:
    trainer = Duel()
    run = start(trainer, pictures)
    for step in range(3):
        list(run.step(step))
    assert {(name, *opened) for name, _, _, *opened in trainer.heard} == {
        ("critic", True, False), ("maker", False, True)
    }  # fmt: skip
    assert all(parameter.grad is None for parameter in trainer.parameters())


def test_accumulated_parts_give_the_step_of_the_whole_batch(pictures: PictureData) -> None:
    weights = []
    for accumulate in (1, 4):
        torch.manual_seed(0)
        trainer = Duel()
        run = start(trainer, pictures, accumulate=accumulate, clip_norm=0.5)
        for step in range(3):
            list(run.step(step))
        weights.append(trainer.model.weight.detach().clone())
    torch.testing.assert_close(weights[0], weights[1])


def test_a_phase_may_not_update_what_its_stage_freezes(pictures: PictureData) -> None:
    with pytest.raises(TrainingError, match=r"'critic' would update parameters.*frozen"):
        start(Duel(frozen=True), pictures)


def test_mixed_precision_keeps_weights_and_losses_in_float32(pictures: PictureData) -> None:
    trainer = Duel()
    run = start(trainer, pictures, precision="bf16")
    _, losses = next(iter(run.step(0)))
    assert losses["loss"].dtype == torch.float32
    assert trainer.critic.weight.dtype == torch.float32
