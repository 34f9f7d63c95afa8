"""What the training loop itself costs: a whole training of a model with one parameter.

    python benchmarks/training_loop.py

Everything is on that a real training has on: data in memory, accelerate, AdamW with a schedule,
clipping, moving average, losses read every 100 steps, TensorBoard. The forward and backward pass of
that one parameter, timed alone in the same turns, is taken off. One thread; the processor's time is
printed beside the time on the wall, since the machine may be shared.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from measuring import print_table, verdict
from mmgen.data import PictureData
from mmgen.interfaces import Batch, Noise, Phase, Stage, Trainer
from mmgen.options import Options
from mmgen.training.config import TrainingConfig
from mmgen.training.feed import make_source
from mmgen.training.loop import Loop
from mmgen.training.machine import Machine
from mmgen.training.progress import Lines
from mmgen.training.run_folder import RunFolder

BAR_MICROSECONDS = 300


class OneParameter(Trainer[Options]):
    """The smallest thing that can be trained."""

    def __init__(self) -> None:
        super().__init__(nn.Linear(1, 1, bias=False), Options())

    def stages(self) -> Sequence[Stage]:
        phase = Phase(
            name="square",
            parameters=list(self.model.parameters()),
            loss=self.loss,
            ema=[self.model],
        )
        return [Stage(name="benchmark", phases=[phase])]

    def loss(self, batch: Batch, step: int, rng: Noise) -> dict[str, Tensor]:  # noqa: ARG002
        return {"loss": next(self.model.parameters()).square().sum()}

    def evaluate(self, batch: Batch, rng: Noise) -> dict[str, Tensor]:  # noqa: ARG002
        return {"zero": batch["target"].new_zeros(len(batch["target"]))}


class UnsavedLoop(Loop):
    """The loop, for something that is no model."""

    def _save_model(self) -> None:
        pass


def train(steps: int) -> None:
    config = TrainingConfig(
        steps=steps,
        batch_size=128,
        clip_norm=1.0,
        schedule="cosine",
        warmup_steps=10,
        device="cpu",
        evaluate_every=0,
        checkpoint_every=0,
    )
    machine = Machine(config)
    images = torch.zeros(6000, 1, 8, 8, dtype=torch.uint8)
    data = PictureData(images=images, labels=torch.zeros(6000, dtype=torch.int64))
    source = make_source(data, machine.device)
    with tempfile.TemporaryDirectory() as folder:
        loop = UnsavedLoop(
            OneParameter(), source, None, config, machine, RunFolder(folder),
            reporter=Lines(3600.0), record={},
        )  # fmt: skip
        loop.train()


def pass_alone(steps: int) -> None:
    weight = nn.Parameter(torch.ones(1, 1))
    for _ in range(steps):
        weight.square().sum().backward()
        weight.grad = None


def microseconds(work: Callable[[int], None], steps: int) -> tuple[float, float]:
    """Return what a step of `work` takes on the wall and on the processor."""
    wall, processor = time.perf_counter(), time.process_time()
    work(steps)
    return (
        1e6 * (time.perf_counter() - wall) / steps,
        1e6 * (time.process_time() - processor) / steps,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--steps", type=int, default=3000)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    train(200)
    own: dict[str, list[float]] = {"wall": [], "processor": []}
    for _ in range(arguments.repeats):
        loop = microseconds(train, arguments.steps)
        alone = microseconds(pass_alone, arguments.steps)
        for name, whole, part in zip(own, loop, alone, strict=True):
            own[name].append(whole - part)
    rows = [
        [f"loop's own cost, {name}", f"{statistics.median(figures):.0f}", f"{min(figures):.0f}",
         verdict(statistics.median(figures), BAR_MICROSECONDS, at_most=True)]
        for name, figures in own.items()
    ]  # fmt: skip
    print_table(["µs a step", "median", "best", "bar"], rows)


if __name__ == "__main__":
    main()
