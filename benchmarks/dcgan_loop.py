"""Images a second of training `dcgan` through mmgen, against a bare loop in torch.

    python benchmarks/dcgan_loop.py
    python benchmarks/dcgan_loop.py --device cuda --steps 1000

Both sides train the same networks on the same pictures: relativistic pairing with R1 and R2, two
fused AdamWs, a moving average of the generator. Before anything is timed, both must compute the
same losses. The bare loop is as fast as we could write it: pictures stay on the device as bytes,
scores of real and generated pictures come from one pass, the average is one call for all weights,
and no loss is read.
"""

import argparse
import copy
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from mmgen_plugin_gan.config import DcganConfig, GanTraining
from mmgen_plugin_gan.convolutional import Dcgan
from mmgen_plugin_gan.trainer import GanTrainer
from torch import Tensor, nn

from measuring import interleave, median_ratio, print_table, verdict
from mmgen.training.config import TrainingConfig
from mmgen.training.feed import ResidentRows
from mmgen.training.loop import Loop
from mmgen.training.machine import Machine, fast_arithmetic
from mmgen.training.progress import Silence
from mmgen.training.run_folder import RunFolder

BAR = 0.95
LEARNING_RATE, BETAS, EMA_DECAY, PENALTY_WEIGHT = 2e-4, (0.5, 0.99), 0.999, 1.0


@dataclass(frozen=True, kw_only=True)
class Work:
    """What both sides do in a turn; the first `skip` steps are not timed."""

    config: DcganConfig
    pictures: Tensor  # uint8 (N, C, H, W), on the device
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

    def images_per_second(self, start: float, end: float) -> float:
        return self.steps * self.batch_size / (end - start)


class StepClock(Silence):
    """Reads the clock where the timed steps begin and end."""

    def __init__(self, work: Work) -> None:
        self.work, self.count, self.times = work, 0, list[float]()

    def step(self, _: int) -> None:
        self.count += 1
        if self.count in (self.work.skip, self.work.skip + self.work.steps):
            self.times.append(self.work.clock())


def new_trainer(work: Work) -> GanTrainer:
    torch.manual_seed(0)
    options = GanTraining(penalty_weight=PENALTY_WEIGHT)
    return GanTrainer(Dcgan(work.config).to(work.device), options).to(work.device)


def mmgen_loop(work: Work) -> float:
    config = TrainingConfig(
        steps=work.skip + work.steps,
        batch_size=work.batch_size,
        learning_rate=LEARNING_RATE,
        betas=BETAS,
        ema_decay=EMA_DECAY,
        sample_every=0,
        checkpoint_every=0,
        device=str(work.device),
    )
    machine, clock = Machine(config), StepClock(work)
    trainer = new_trainer(work)
    source = ResidentRows({"target": work.pictures}, machine.device)
    with tempfile.TemporaryDirectory() as folder, fast_arithmetic(machine.device):
        run = RunFolder(folder)
        Loop(trainer, source, None, config, machine, run, reporter=clock, record={}).train()
    return work.images_per_second(*clock.times)


def bare_loop(work: Work) -> float:
    trainer = new_trainer(work)
    generator, discriminator = trainer.model.train(), trainer.discriminator.train()
    average = [parameter.detach().clone() for parameter in generator.parameters()]
    weights = [parameter.detach() for parameter in generator.parameters()]
    judges, makers = optimizer(discriminator), optimizer(generator)
    order = torch.randperm(len(work.pictures), device=work.device)
    batches = order[: len(order) // work.batch_size * work.batch_size].split(work.batch_size)
    start = 0.0
    with fast_arithmetic(work.device):
        for step in range(work.skip + work.steps):
            if step == work.skip:
                start = work.clock()
            rows = batches[step % len(batches)]
            real = work.pictures[rows].div(127.5).sub_(1)
            latents = torch.randn(len(rows), work.config.latent_dim, device=work.device)
            discriminator.requires_grad_(True)
            discriminator_loss(generator, discriminator, real, latents).backward()
            judges.step()
            judges.zero_grad()
            latents = torch.randn(len(rows), work.config.latent_dim, device=work.device)
            discriminator.requires_grad_(False)
            generator_loss(generator, discriminator, real, latents).backward()
            makers.step()
            makers.zero_grad()
            torch._foreach_lerp_(average, weights, 1 - EMA_DECAY)
        return work.images_per_second(start, work.clock())


def optimizer(module: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.AdamW(
        module.parameters(), lr=LEARNING_RATE, betas=BETAS, weight_decay=0.0, fused=True
    )


def discriminator_loss(
    generator: nn.Module, discriminator: nn.Module, real: Tensor, latents: Tensor
) -> Tensor:
    """Relativistic pairing with R1 and R2: Huang et al. 2024."""
    with torch.no_grad():
        fake = generator(latents, None)
    real, fake = real.detach().requires_grad_(), fake.requires_grad_()
    on_real, on_fake = discriminator(torch.cat([real, fake]), None).chunk(2)
    slopes = torch.autograd.grad([on_real.sum(), on_fake.sum()], [real, fake], create_graph=True)
    penalty = sum(slope.square().sum(dim=(1, 2, 3)).mean() for slope in slopes) / 2
    return F.softplus(on_fake - on_real).mean() + PENALTY_WEIGHT * penalty


def generator_loss(
    generator: nn.Module, discriminator: nn.Module, real: Tensor, latents: Tensor
) -> Tensor:
    on_fake = discriminator(generator(latents, None), None)
    with torch.no_grad():  # no gradient goes through the real pictures
        on_real = discriminator(real, None)
    return F.softplus(on_real - on_fake).mean()


class GivenNoise:
    """Latents that are known."""

    def __init__(self, latents: Tensor) -> None:
        self.latents = latents

    def normal(self, _: Sequence[int], **__: object) -> Tensor:
        return self.latents


def check_same_losses(work: Work) -> None:
    """Stop unless both sides compute the same from the same weights, pictures and latents."""
    trainer = new_trainer(work).train()
    networks = copy.deepcopy(trainer.model), copy.deepcopy(trainer.discriminator)
    target = work.pictures[: work.batch_size].div(255)
    noise = GivenNoise(torch.randn(len(target), work.config.latent_dim, device=work.device))
    sides = {
        "discriminator": (trainer.discriminator_loss, discriminator_loss),
        "generator": (trainer.generator_loss, generator_loss),
    }
    for name, (ours, bare) in sides.items():
        mine = float(ours({"target": target}, 0, noise)["loss"].detach())
        theirs = float(bare(*networks, 2 * target - 1, noise.latents).detach())
        if abs(mine - theirs) > 1e-4 * abs(mine):
            raise SystemExit(f"the {name}'s loss is {mine} in mmgen and {theirs} in the bare loop")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--skip", type=int, default=10, help="steps before the clock starts")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--channels", type=int, default=3)
    parser.add_argument("--widths", default="128,64", help="of the generator, as the architecture")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    config = DcganConfig.build(
        {"channels": arguments.channels, "height": 32, "width": 32, "widths": arguments.widths}
    )
    rng = torch.Generator().manual_seed(0)
    shape = (4096, arguments.channels, 32, 32)
    work = Work(
        config=config,
        pictures=torch.randint(0, 256, shape, dtype=torch.uint8, generator=rng).to(
            arguments.device
        ),
        batch_size=arguments.batch_size,
        steps=arguments.steps,
        skip=max(1, arguments.skip),
        now=time.perf_counter if arguments.clock == "wall" else time.process_time,
    )
    check_same_losses(work)
    speeds = interleave(
        {"bare torch": lambda: bare_loop(work), "mmgen": lambda: mmgen_loop(work)},
        repeats=arguments.repeats,
    )
    ratio = median_ratio(speeds["mmgen"], speeds["bare torch"])
    rows = [
        [name, f"{statistics.median(found):.0f}", f"{max(found):.0f}", ""]
        for name, found in speeds.items()
    ]
    rows.append(["mmgen over bare torch", f"{ratio:.3f}", "", verdict(ratio, BAR, at_most=False)])
    print_table(["", "images a second, median", "best", "bar"], rows)


if __name__ == "__main__":
    main()
