"""One stage made ready to run: its phases, and where their batches come from."""

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mmgen.data.splits import splitmix64
from mmgen.errors import DataError
from mmgen.interfaces.noise import TrainingNoise
from mmgen.interfaces.trainer import Batch, Phase, Stage, Trainer
from mmgen.training.config import TrainingConfig
from mmgen.training.feed import ReadAhead, ResidentRows, Source, fits_on, home_of
from mmgen.training.machine import Machine
from mmgen.training.order import BalancedOrder, Order, ShuffledOrder
from mmgen.training.phases import GradientGate, RunningPhase, averages_applied
from mmgen.training.random_state import own_randomness


class BatchFeed:
    """The batches of a stage in their order; `draws` counts those that were drawn.

    Each is a list of `accumulate` parts; the processes take turns.
    """

    def __init__(
        self, source: Source, config: TrainingConfig, machine: Machine, *, salt: int
    ) -> None:
        self.draws = 0
        self._source = source
        self._config = config
        self._machine = machine
        self._seed = config.seed + salt
        self._order = make_order(source, config, self._seed)
        self._ahead = ReadAhead(self._make) if source.device != machine.device else None

    def next(self) -> list[Batch]:
        """Return the next batch, in its parts."""
        draw = self.draws
        self.draws += 1
        return self._make(draw) if self._ahead is None else self._ahead.get(draw)

    def _make(self, draw: int) -> list[Batch]:
        machine = self._machine
        start = draw * self._config.batch_size + machine.index * machine.part_size
        stride = machine.num_processes * machine.part_size
        return [
            self._rows(start + part * stride, machine) for part in range(self._config.accumulate)
        ]

    def _rows(self, start: int, machine: Machine) -> Batch:
        """Return the part of a batch that begins at a place of the order."""
        indices = self._order.indices(start, machine.part_size)
        draws = None
        if self._source.choices:
            places = np.arange(start, start + machine.part_size, dtype=np.uint64)
            draws = splitmix64(places, self._seed)
        return self._source.batch(indices, machine.device, draws)

    def close(self) -> None:
        """Stop reading ahead."""
        if self._ahead is not None:
            self._ahead.close()


def make_order(source: Source, config: TrainingConfig, seed: int) -> Order:
    """Return the order in which a stage sees its pictures."""
    home = home_of(source)
    if not config.balance:
        return ShuffledOrder(len(source), seed, home)
    if source.labels is None:
        raise DataError("training.balance needs labels; this stage's encoded pictures have none")
    return BalancedOrder(source.labels, config.balance, seed, home)


class StageRun:
    """A stage with its optimisers, averages and batches.

    Args:
        index: of the stage among all.
        source: the training data; encoded first where the stage asks for it.
    """

    def __init__(
        self,
        trainer: Trainer[Any],
        stage: Stage,
        index: int,
        source: Source,
        config: TrainingConfig,
        machine: Machine,
    ) -> None:
        self.stage = stage
        self.num_steps = stage.steps or config.steps
        self._trainer = trainer
        self._config = config
        self.set_train_mode()
        self._gate = GradientGate(trainer, stage.frozen)
        self.phases = [self._prepare(phase, machine) for phase in stage.phases]
        if stage.encode is not None:
            source = encode_all(trainer, stage.encode, source, machine, config)
            self.set_train_mode()
        self.feed = BatchFeed(source, config, machine, salt=index)
        self._rng = TrainingNoise(machine.part_size, machine.device)

    def _prepare(self, phase: Phase, machine: Machine) -> RunningPhase:
        self._gate.open_for(phase.name, phase.parameters)
        return RunningPhase(
            phase, self._config, self.num_steps, device=machine.device, prepare=machine.prepare
        )

    def set_train_mode(self) -> None:
        """Put the trainer into train mode, and what is frozen into eval mode."""
        self._trainer.train()
        for module in self.stage.frozen:
            module.eval()

    def step(self, step: int) -> Iterator[tuple[str, dict[str, Tensor]]]:
        """Take a step of the stage; yield (phase, losses) for every part of a batch.

        The phases of a step share its batch; each repetition of a phase draws a fresh one.
        """
        shared: list[Batch] | None = None
        for phase in self.phases:
            if step % phase.phase.every:
                continue
            self._gate.open_for(phase.name, phase.parameters)
            for repetition in range(phase.phase.repeat):
                if repetition or shared is None:
                    parts = self.feed.next()
                    shared = shared or parts
                else:
                    parts = shared
                for losses in phase.learn(parts, self._rng, step):
                    yield phase.name, losses
            phase.finish_step(step)

    def averages(self) -> Any:
        """Return a context in which the model has its averaged weights."""
        return averages_applied(self.phases)

    def keep_averages(self) -> None:
        """Let the averaged weights be the weights from here on, as a later stage needs them."""
        for phase in self.phases:
            if phase.average is not None:
                phase.average.commit()

    def close(self) -> None:
        """Stop reading ahead."""
        self.feed.close()


@torch.no_grad()
def encode_all(
    trainer: nn.Module,
    encode: Callable[[Batch], Batch],
    source: Source,
    machine: Machine,
    config: TrainingConfig,
) -> Source:
    """Encode all rows once, in eval mode and alike in every process; keep them where they fit."""
    trainer.eval()
    machine.share_buffers(trainer)
    columns: dict[str, list[Any]] = {}
    with own_randomness(machine.device, config.seed):
        for rows in torch.arange(len(source)).split(machine.part_size):
            batch = encode(source.batch(rows.to(home_of(source)), machine.device))
            for name, value in batch.items():
                columns.setdefault(name, []).append(
                    value.cpu() if isinstance(value, Tensor) else list(value)
                )
    joined: dict[str, Any] = {
        name: torch.cat(parts) if isinstance(parts[0], Tensor) else list(chain(*parts))
        for name, parts in columns.items()
    }
    # A column to choose from has given each row's own value; batches go on choosing.
    joined |= {name: column for name, column in source.choices.items() if name in joined}
    size = sum(value.nbytes for value in joined.values() if isinstance(value, Tensor))
    home = machine.device if fits_on(machine.device, size) else torch.device("cpu")
    return ResidentRows(joined, home, pictures=())
