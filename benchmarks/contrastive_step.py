"""Pictures a second of training `contrastive` through mmgen, against a bare loop in torch.

    OMP_NUM_THREADS=1 python benchmarks/contrastive_step.py --clock cpu

Both sides train the same towers (`resnet` and `text-transformer`, as the recipes have them) on the
same pictures of 64×64 and as many distinct captions, with one fused AdamW and a moving average.
Before anything is timed, both must compute the same loss. The bare loop is as fast as we could
write it: captions are byte pairs before it begins, nothing is masked, no figure is read.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from mmgen_plugin_contrastive.config import ContrastiveConfig, ContrastiveTraining
from mmgen_plugin_contrastive.network import Contrastive
from mmgen_plugin_contrastive.trainer import ContrastiveTrainer
from torch import Tensor, nn

from measuring import interleave, median_ratio, print_table, verdict
from mmgen.interfaces import Conditioner, CounterNoise
from mmgen.pretrained import build_encoder
from mmgen.training.config import TrainingConfig
from mmgen.training.feed import ResidentRows
from mmgen.training.loop import Loop
from mmgen.training.machine import Machine, fast_arithmetic
from mmgen.training.progress import Silence
from mmgen.training.run_folder import RunFolder

BAR = 0.95
LEARNING_RATE, EMA_DECAY, SIDE, WIDTH = 1e-3, 0.99, 64, 128
IMAGE = {"height": SIDE, "width": SIDE, "widths": (32, 64, 128, 256), "blocks": 1, "stem_stride": 2}
TEXT = {
    "width": 128,
    "depth": 2,
    "length": 32,
    "vocabulary": 2048,
    "dropout": 0.0,
    "noise": 0.0,
}
THINGS = ("fox", "whale", "house", "lantern", "violin", "mountain", "bicycle", "teapot")
PLACES = ("forest", "harbour", "meadow", "desert", "kitchen", "garden", "valley", "station")


@dataclass(frozen=True, kw_only=True)
class Work:
    """What both sides do in a turn; the first `skip` steps are not timed."""

    pictures: Tensor  # uint8 (N, C, H, W), on the device
    captions: list[str]
    batch_size: int
    steps: int
    skip: int
    now: Callable[[], float]

    @property
    def device(self) -> torch.device:
        return self.pictures.device

    def clock(self) -> float:
        """The time when all that was asked of the device is done."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return self.now()

    def per_second(self, start: float, end: float) -> float:
        return self.steps * self.batch_size / (end - start)


class StepClock(Silence):
    """Reads the clock where the timed steps begin and end."""

    def __init__(self, work: Work) -> None:
        self.work, self.count, self.times = work, 0, list[float]()

    def step(self, _: int) -> None:
        self.count += 1
        if self.count in (self.work.skip, self.work.skip + self.work.steps):
            self.times.append(self.work.clock())


def new_trainer(work: Work) -> ContrastiveTrainer:
    torch.manual_seed(0)
    encoders = {
        "image": build_encoder("resnet", IMAGE, work.pictures),
        "text": build_encoder("text-transformer", TEXT, work.captions),
    }
    model = Contrastive(ContrastiveConfig(), conditioner=Conditioner(encoders, width=WIDTH))
    return ContrastiveTrainer(model.to(work.device), ContrastiveTraining()).to(work.device)


def mmgen_loop(work: Work) -> float:
    config = TrainingConfig(
        steps=work.skip + work.steps,
        batch_size=work.batch_size,
        learning_rate=LEARNING_RATE,
        ema_decay=EMA_DECAY,
        sample_every=0,
        checkpoint_every=0,
        device=str(work.device),
    )
    machine, clock = Machine(config), StepClock(work)
    trainer = new_trainer(work)
    columns = {"target": work.pictures, "text": work.captions}
    source = ResidentRows(columns, machine.device)
    with tempfile.TemporaryDirectory() as folder, fast_arithmetic(machine.device):
        run = RunFolder(folder)
        Loop(trainer, source, None, config, machine, run, reporter=clock, record={}).train()
    return work.per_second(*clock.times)


class BareTowers(nn.Module):
    """The trainer's own networks, called by hand."""

    def __init__(self, model: Contrastive) -> None:
        super().__init__()
        self.image, self.text = (
            model.conditioner.encoders["image"],
            model.conditioner.encoders["text"],
        )
        projections = model.conditioner.pooled_projections
        self.of_image, self.of_text = projections["image"], projections["text"]
        self.log_scale = model.log_scale

    def forward(self, images: Tensor, tokens: Tensor) -> Tensor:
        a = F.normalize(self.of_image(self.image(images=images).pooled), dim=1)
        b = F.normalize(self.of_text(self.text(tokens=tokens).pooled), dim=1)
        logits = self.log_scale.exp() * a @ b.T
        partner = torch.arange(len(logits), device=logits.device)
        return (F.cross_entropy(logits, partner) + F.cross_entropy(logits.T, partner)) / 2


def read_tokens(towers: BareTowers, work: Work) -> Tensor:
    return towers.text.prepare(work.captions)["tokens"].to(work.device)


def bare_loop(work: Work) -> float:
    towers = BareTowers(new_trainer(work).model).train()
    tokens = read_tokens(towers, work)
    weights = [parameter.detach() for parameter in towers.parameters()]
    average = [weight.clone() for weight in weights]
    optimizer = torch.optim.AdamW(
        towers.parameters(), lr=LEARNING_RATE, weight_decay=0.0, fused=True
    )
    order = torch.randperm(len(work.pictures), device=work.device)
    batches = order[: len(order) // work.batch_size * work.batch_size].split(work.batch_size)
    start = 0.0
    with fast_arithmetic(work.device):
        for step in range(work.skip + work.steps):
            if step == work.skip:
                start = work.clock()
            rows = batches[step % len(batches)]
            towers(work.pictures[rows].div(255), tokens[rows]).backward()
            optimizer.step()
            optimizer.zero_grad()
            torch._foreach_lerp_(average, weights, 1 - EMA_DECAY)
        return work.per_second(start, work.clock())


def check_same_loss(work: Work) -> None:
    """Stop unless both sides compute the same from the same weights and rows."""
    trainer = new_trainer(work).train()
    towers = BareTowers(trainer.model)
    count = work.batch_size
    target, texts = work.pictures[:count].div(255), work.captions[:count]
    batch = {"target": target, "text": texts}
    with torch.no_grad():
        ours = float(trainer.loss(batch, 0, CounterNoise(0, range(count)))["loss"])
        bare = float(towers(target, read_tokens(towers, work)[:count]))
    if abs(ours - bare) > 1e-4 * abs(bare):
        raise SystemExit(f"the loss is {ours} in mmgen and {bare} in the bare loop")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--skip", type=int, default=3, help="steps before the clock starts")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    rng = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (1024, 3, SIDE, SIDE), dtype=torch.uint8, generator=rng)
    captions = [
        f"{row // 64} times a {THINGS[row % 8]} in the {PLACES[row // 8 % 8]}"
        for row in range(1024)
    ]
    work = Work(
        pictures=pixels.to(arguments.device),
        captions=captions,
        batch_size=arguments.batch_size,
        steps=arguments.steps,
        skip=max(1, arguments.skip),
        now=time.perf_counter if arguments.clock == "wall" else time.process_time,
    )
    check_same_loss(work)
    speeds = interleave(
        {"bare torch": lambda: bare_loop(work), "mmgen": lambda: mmgen_loop(work)},
        repeats=arguments.repeats,
    )
    ratio = median_ratio(speeds["mmgen"], speeds["bare torch"])
    rows = [(name, f"{statistics.median(found):,.0f}") for name, found in speeds.items()]
    print_table(("pictures a second", "median"), rows)
    print(f"mmgen / bare torch: {ratio:.3f} ({verdict(ratio, BAR, at_most=False)})")


if __name__ == "__main__":
    main()
