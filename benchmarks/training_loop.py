"""The training loop's own cost: microseconds a step with a model of one parameter.

    python benchmarks/training_loop.py

All that is left is the loop: drawing the batch, the phase, backward, AdamW, the moving average,
the log. Beside it the same steps as a bare loop in torch, with the batch, backward and AdamW only.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from measuring import interleave, print_table, verdict
from mmgen.interfaces import Batch, Noise, Phase, Stage, Trainer
from mmgen.interfaces.model import Identity, Model
from mmgen.options import Options
from mmgen.training.config import TrainingConfig
from mmgen.training.feed import ResidentRows
from mmgen.training.loop import Loop
from mmgen.training.machine import Machine
from mmgen.training.progress import Silence
from mmgen.training.run_folder import RunFolder

BAR_MICROSECONDS = 300
BATCH_SIZE = 16
PICTURES = torch.randint(0, 256, (4096, 1, 1, 1), dtype=torch.uint8)


class OneParameter(Model):
    identity = Identity(family="benchmarks", architecture="one-parameter")

    def __init__(self) -> None:
        super().__init__(Options())
        self.level = nn.Parameter(torch.zeros(1))


class LevelTrainer(Trainer[Options]):
    """Learns the pictures' mean level."""

    model: OneParameter

    def stages(self) -> Sequence[Stage]:
        phase = Phase(
            name="level", parameters=[self.model.level], loss=self.loss, ema=(self.model,)
        )
        return [Stage(name="train", phases=[phase])]

    def loss(self, batch: Batch, _: int, __: Noise) -> dict[str, Tensor]:
        return {"loss": (batch["target"] - self.model.level).square().mean()}

    def evaluate(self, batch: Batch, _: Noise) -> dict[str, Tensor]:
        return {"loss": (batch["target"] - self.model.level).square().flatten(1).mean(1)}


class StepClock(Silence):
    def __init__(self, now: Callable[[], float]) -> None:
        self.now, self.times = now, list[float]()

    def step(self, _: int) -> None:
        self.times.append(self.now())


def loop(steps: int, skip: int, now: Callable[[], float], **settings: float) -> float:
    """Microseconds a step of mmgen's loop."""
    config = TrainingConfig(
        steps=skip + steps,
        batch_size=BATCH_SIZE,
        sample_every=0,
        checkpoint_every=0,
        device="cpu",
        **settings,
    )
    machine, clock = Machine(config), StepClock(now)
    trainer = LevelTrainer(OneParameter(), Options())
    source = ResidentRows({"target": PICTURES}, machine.device)
    with tempfile.TemporaryDirectory() as folder:
        run = RunFolder(folder)
        Loop(trainer, source, None, config, machine, run, reporter=clock, record={}).train()
    return 1e6 * (clock.times[-1] - clock.times[skip - 1]) / steps


def bare_loop(steps: int, skip: int, now: Callable[[], float]) -> float:
    """Microseconds a step of the same in torch."""
    level = nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.AdamW([level], lr=1e-3, weight_decay=0.0, fused=True)
    order = torch.randperm(len(PICTURES)).repeat(-(-(steps + skip) * BATCH_SIZE // len(PICTURES)))
    start = now()
    for step, rows in enumerate(order.split(BATCH_SIZE)[: steps + skip]):
        if step == skip:
            start = now()
        loss = (PICTURES[rows].div(255) - level).square().mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return 1e6 * (now() - start) / steps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall")
    arguments = parser.parse_args()
    now = time.perf_counter if arguments.clock == "wall" else time.process_time
    timed = {"steps": arguments.steps, "skip": 200, "now": now}
    times = interleave(
        {
            "bare torch": lambda: bare_loop(**timed),
            "mmgen, average off": lambda: loop(**timed, ema_decay=0.0),
            "mmgen, default settings": lambda: loop(**timed),
            "mmgen, clipping and warm-up too": lambda: loop(
                **timed, clip_norm=1.0, warmup_steps=100
            ),
        },
        repeats=arguments.repeats,
    )
    rows = []
    for name, figures in times.items():
        median = statistics.median(figures)
        held_to = verdict(median, BAR_MICROSECONDS, at_most=True) if "mmgen" in name else ""
        rows.append([name, f"{median:.0f}", f"{min(figures):.0f}", held_to])
    print_table(["", "µs a step, median", "min", "bar"], rows)


if __name__ == "__main__":
    main()
