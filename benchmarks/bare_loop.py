"""Training through mmgen against a bare loop in torch: what such benchmarks share.

A benchmark brings the trainer, one step of the bare loop, and a check that both sides compute the
same losses. The bare loop is as fast as we could write it: pictures stay on the device as bytes,
the average is one call for all weights, and no loss is read.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

from measuring import interleave, median_ratio, print_table, verdict
from mmgen.interfaces import Trainer
from mmgen.training.config import TrainingConfig
from mmgen.training.feed import ResidentRows
from mmgen.training.loop import Loop
from mmgen.training.machine import Machine, fast_arithmetic
from mmgen.training.progress import Silence
from mmgen.training.run_folder import RunFolder

TrainerT = TypeVar("TrainerT", bound=Trainer[Any])

BareStep = Callable[[Tensor, int], None]
"""Learns from the rows of these numbers, int64 (B,), at this step."""


@dataclass(frozen=True, kw_only=True)
class Work(Generic[TrainerT]):
    """What both sides do in a turn.

    Attributes:
        new_trainer: makes a trainer on the device, with the same weights each time.
        columns: the rows: "target", uint8 (N, C, H, W) on the device, and what else is learned.
        training: what both are told of the loop; its steps are those of a whole turn.
        skip: as many of the steps, 1 or more, are not timed.
        now: reads a clock, in seconds.
    """

    new_trainer: Callable[[], TrainerT]
    columns: dict[str, Any]
    training: TrainingConfig
    skip: int
    now: Callable[[], float]

    @property
    def pictures(self) -> Tensor:
        pictures: Tensor = self.columns["target"]
        return pictures

    @property
    def device(self) -> torch.device:
        return self.pictures.device

    @property
    def first_rows(self) -> slice:
        """Those of one batch."""
        return slice(self.training.batch_size)

    def clock(self) -> float:
        """The time when all that was asked of the device is done."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return self.now()

    def images_per_second(self, start: float, end: float) -> float:
        timed = self.training.steps - self.skip
        return timed * self.training.batch_size / (end - start)

    def optimizer(self, module: nn.Module) -> torch.optim.Optimizer:
        """The bare loop's: what mmgen's settings make, and fused."""
        return torch.optim.AdamW(
            module.parameters(),
            lr=self.training.learning_rate,
            betas=self.training.beta_pair,
            weight_decay=self.training.weight_decay,
            fused=True,
        )


class StepClock(Silence):
    """Reads the clock where the timed steps begin and end."""

    def __init__(self, work: Work[Any]) -> None:
        self.work, self.count, self.times = work, 0, list[float]()

    def step(self, _: int) -> None:
        self.count += 1
        if self.count in (self.work.skip, self.work.training.steps):
            self.times.append(self.work.clock())


def run_mmgen(work: Work[Any]) -> float:
    """Images a second of mmgen's loop."""
    machine, clock = Machine(work.training), StepClock(work)
    trainer = work.new_trainer()
    source = ResidentRows(work.columns, machine.device)
    with tempfile.TemporaryDirectory() as folder, fast_arithmetic(machine.device):
        run = RunFolder(folder)
        Loop(trainer, source, None, work.training, machine, run, reporter=clock, record={}).train()
    return work.images_per_second(*clock.times)


def run_bare(work: Work[Any], take_step: BareStep, *, averaged: nn.Module) -> float:
    """Images a second of steps in shuffled batches, with a moving average of a module."""
    weights = [parameter.detach() for parameter in averaged.parameters()]
    average = [weight.clone() for weight in weights]
    share, batch_size = 1 - work.training.ema_decay, work.training.batch_size
    order = torch.randperm(len(work.pictures), device=work.device)
    batches = order[: len(order) // batch_size * batch_size].split(batch_size)
    start = 0.0
    with fast_arithmetic(work.device):
        for step in range(work.training.steps):
            if step == work.skip:
                start = work.clock()
            take_step(batches[step % len(batches)], step)
            torch._foreach_lerp_(average, weights, share)
        return work.images_per_second(start, work.clock())


def demand_same(name: str, ours: Tensor, bare: Tensor) -> None:
    """Stop unless both sides compute the same loss."""
    mine, theirs = float(ours.detach()), float(bare.detach())
    if abs(mine - theirs) > 1e-4 * abs(mine):
        raise SystemExit(f"{name} is {mine} in mmgen and {theirs} in the bare loop")


def arguments_of(
    description: str, *, steps: int, skip: int, repeats: int, batch_size: int
) -> argparse.ArgumentParser:
    """Return a parser of what all these benchmarks take, with defaults of this one."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--skip", type=int, default=skip, help="steps before the clock starts")
    parser.add_argument("--repeats", type=int, default=repeats)
    parser.add_argument("--batch-size", type=int, default=batch_size)
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall")
    return parser


def new_work(
    arguments: argparse.Namespace,
    new_trainer: Callable[[], TrainerT],
    columns: dict[str, Any],
    **settings: Any,
) -> Work[TrainerT]:
    """Return the work that was asked for; settings are the loop's, as learning_rate."""
    skip = max(1, arguments.skip)
    pictures = columns["target"].to(arguments.device)
    training = TrainingConfig(
        steps=skip + arguments.steps,
        batch_size=arguments.batch_size,
        sample_every=0,
        checkpoint_every=0,
        device=str(pictures.device),
        **settings,
    )
    return Work(
        new_trainer=new_trainer,
        columns={**columns, "target": pictures},
        training=training,
        skip=skip,
        now=time.perf_counter if arguments.clock == "wall" else time.process_time,
    )


def compare(
    work: Work[TrainerT],
    bare_loop: Callable[[Work[TrainerT]], float],
    *,
    repeats: int,
    bar: float,
) -> None:
    """Time both sides by turns, and print their images a second and the ratio, held to the bar."""
    speeds = interleave(
        {"bare torch": lambda: bare_loop(work), "mmgen": lambda: run_mmgen(work)}, repeats=repeats
    )
    ratio = median_ratio(speeds["mmgen"], speeds["bare torch"])
    rows = [
        [name, f"{statistics.median(found):.0f}", f"{max(found):.0f}", ""]
        for name, found in speeds.items()
    ]
    rows.append(["mmgen over bare torch", f"{ratio:.3f}", "", verdict(ratio, bar, at_most=False)])
    print_table(["", "images a second, median", "best", "bar"], rows)
