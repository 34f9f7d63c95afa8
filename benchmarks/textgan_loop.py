"""Images a second of training `textgan` on captions through mmgen, against a bare loop in torch.

    python benchmarks/textgan_loop.py
    python benchmarks/textgan_loop.py --device cuda --steps 1000

Both sides train the same networks, encoders of text included, on the same pictures and captions:
relativistic pairing with lazy R1 and R2, real pictures under another's caption, the divergence of
the sentences, two fused AdamWs, a moving average of the generator. Before anything is timed, both
must compute the same losses. The bare loop is as fast as we could write it: pictures stay on the
device as bytes and captions as tokens, every text is given, scores of real and generated pictures
come from one pass, the average is one call for all weights, and no loss is read.
"""

import argparse
import copy
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import torch
import torch.nn.functional as F
from mmgen_plugin_textgan.config import TextGanConfig, TextGanTraining
from mmgen_plugin_textgan.discriminator import Discriminator
from mmgen_plugin_textgan.generator import TextGan
from mmgen_plugin_textgan.trainer import TextGanTrainer
from torch import Tensor, nn

from measuring import interleave, median_ratio, print_table, verdict
from mmgen.interfaces import Condition, Conditioner
from mmgen.pretrained import build_encoder
from mmgen.training.config import TrainingConfig
from mmgen.training.feed import ResidentRows
from mmgen.training.loop import Loop
from mmgen.training.machine import Machine, fast_arithmetic
from mmgen.training.progress import Silence
from mmgen.training.run_folder import RunFolder

BAR = 0.9
LEARNING_RATE, BETAS, EMA_DECAY = 5e-4, (0.0, 0.99), 0.999
OPTIONS = TextGanTraining(penalty_weight=0.1, penalty_every=8)
TEXT = {"width": 64, "depth": 2, "dropout": 0.0, "noise": 0.0}
COLOURS = ("red", "green", "blue", "yellow", "purple", "white")
PLACES = ("on the left", "on the right", "at the top", "at the bottom")


@dataclass(frozen=True, kw_only=True)
class Work:
    """What both sides do in a turn; the first `skip` steps are not timed."""

    config: TextGanConfig
    pictures: Tensor  # uint8 (N, C, H, W), on the device
    texts: list[str]
    batch_size: int
    steps: int
    skip: int
    precision: str
    now: Callable[[], float]

    @property
    def device(self) -> torch.device:
        return self.pictures.device

    def clock(self) -> float:
        """The time when all that was asked of the device is done."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return self.now()

    def autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bf16")

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


def captions(count: int) -> list[str]:
    """Captions of two things each, about as long as those of small scenes."""
    things = [f"a {colour} square {place}" for colour, place in product(COLOURS, PLACES)]
    pairs = [f"{one} and {two}" for one, two in product(things, things)]
    return [pairs[row * 7 % len(pairs)] for row in range(count)]


def new_trainer(work: Work) -> TextGanTrainer:
    torch.manual_seed(0)
    encoder = build_encoder("text-transformer", TEXT, work.texts)
    conditioner = Conditioner({"text": encoder}, width=64, dropout=0.0)
    model = TextGan(work.config, conditioner=conditioner).to(work.device)
    return TextGanTrainer(model, OPTIONS).to(work.device)


def mmgen_loop(work: Work) -> float:
    config = TrainingConfig(
        steps=work.skip + work.steps,
        batch_size=work.batch_size,
        learning_rate=LEARNING_RATE,
        betas=BETAS,
        ema_decay=EMA_DECAY,
        sample_every=0,
        checkpoint_every=0,
        precision=work.precision,
        device=str(work.device),
    )
    machine, clock = Machine(config), StepClock(work)
    trainer = new_trainer(work)
    columns = {"target": work.pictures, "text": work.texts}
    source = ResidentRows(columns, machine.device)
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
    tokens = tokens_of(generator, work.texts).to(work.device)
    order = torch.randperm(len(work.pictures), device=work.device)
    batches = order[: len(order) // work.batch_size * work.batch_size].split(work.batch_size)
    start = 0.0
    with fast_arithmetic(work.device):
        for step in range(work.skip + work.steps):
            if step == work.skip:
                start = work.clock()
            rows = batches[step % len(batches)]
            real, words = work.pictures[rows].div(127.5).sub_(1), tokens[rows]
            latents, noise = draws(work, len(rows))
            discriminator.requires_grad_(True)
            with work.autocast():
                loss = discriminator_loss(
                    generator, discriminator, real, words, latents, noise, step
                )
            loss.backward()
            judges.step()
            judges.zero_grad()
            latents, noise = draws(work, len(rows))
            discriminator.requires_grad_(False)
            with work.autocast():
                loss = generator_loss(generator, discriminator, real, words, latents, noise)
            loss.backward()
            makers.step()
            makers.zero_grad()
            torch._foreach_lerp_(average, weights, 1 - EMA_DECAY)
        return work.images_per_second(start, work.clock())


def optimizer(module: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.AdamW(
        module.parameters(), lr=LEARNING_RATE, betas=BETAS, weight_decay=0.0, fused=True
    )


def draws(work: Work, count: int) -> tuple[Tensor, Tensor]:
    config, device = work.config, work.device
    return (
        torch.randn(count, config.latent_dim, device=device),
        torch.randn(count, config.sentence_dim, device=device),
    )


def tokens_of(generator: TextGan, texts: list[str]) -> Tensor:
    tokens: Tensor = generator.conditioner.encoders["text"].prepare(texts)["tokens"]
    return tokens


def encode(conditioner: Conditioner, tokens: Tensor) -> Condition:
    """Captions alone, all of them given."""
    found = conditioner.encoders["text"](tokens=tokens)
    words = conditioner.token_projections["text"](found.tokens)
    sentence = conditioner.pooled_projections["text"](found.pooled)
    present = torch.ones(len(tokens), 1, dtype=torch.bool, device=tokens.device)
    return Condition(words, found.token_mask, sentence, {}, present)


def discriminator_loss(
    generator: TextGan,
    discriminator: Discriminator,
    real: Tensor,
    tokens: Tensor,
    latents: Tensor,
    noise: Tensor,
    step: int,
) -> Tensor:
    """Relativistic pairing (Huang et al. 2024), and matching-aware (Reed et al. 2016)."""
    with torch.no_grad():
        condition = encode(generator.conditioner, tokens)
        sentence = generator.augmentation(condition.pooled, noise).whitened
        fake = generator(latents, sentence, condition)
    due = step % OPTIONS.penalty_every == 0
    both = torch.cat([real, fake]).requires_grad_(due)
    told, count = encode(discriminator.conditioner, tokens), len(real)
    seen = discriminator.see(both)
    of_both = torch.arange(count, device=real.device).repeat(2)
    scores = discriminator.score(seen, told.rows(of_both)).float()
    others = told.rows(of_both[:count].roll(1))
    on_other = discriminator.score(seen[:count], others).float()
    same = (tokens == tokens.roll(1, dims=0)).all(dim=1)
    on_real, on_fake = scores.chunk(2)
    loss = F.softplus(on_fake - on_real).mean()
    loss = loss + OPTIONS.mismatched * F.softplus(on_other - on_real)[~same].mean()
    if due:
        (slope,) = torch.autograd.grad(scores.sum(), both, create_graph=True)
        penalty = slope.float().square().flatten(1).sum(dim=1).mean()
        loss = loss + OPTIONS.penalty_weight * OPTIONS.penalty_every * penalty
    return loss


def generator_loss(
    generator: TextGan,
    discriminator: Discriminator,
    real: Tensor,
    tokens: Tensor,
    latents: Tensor,
    noise: Tensor,
) -> Tensor:
    condition = encode(generator.conditioner, tokens)
    sentence = generator.augmentation(condition.pooled, noise)
    fake = generator(latents, sentence.whitened, condition)
    with torch.no_grad():
        told = encode(discriminator.conditioner, tokens)
        on_real = discriminator(real, told).float()
    on_fake = discriminator(fake, told).float()
    divergence = sentence.divergence().mean() / noise.shape[1]
    return F.softplus(on_real - on_fake).mean() + OPTIONS.augmentation_weight * divergence


class GivenNoise:
    """Draws that are known, by their stream."""

    def __init__(self, **streams: Tensor) -> None:
        self.streams = streams

    def normal(self, _: Sequence[int], *, stream: str) -> Tensor:
        return self.streams[stream]


def check_same_losses(work: Work) -> None:
    """Stop unless both sides compute the same from the same weights, pictures and latents."""
    trainer = new_trainer(work).train()
    networks = copy.deepcopy(trainer.model), copy.deepcopy(trainer.discriminator)
    rows = slice(work.batch_size)
    target, texts = work.pictures[rows].div(255), work.texts[rows]
    tokens = tokens_of(trainer.model, texts).to(work.device)
    latents, sentence = draws(work, len(target))
    noise = GivenNoise(latents=latents, sentence=sentence)
    given = (*networks, 2 * target - 1, tokens, latents, sentence)
    sides = {
        "discriminator": (trainer.discriminator_loss, discriminator_loss(*given, 0)),
        "generator": (trainer.generator_loss, generator_loss(*given)),
    }
    for name, (ours, bare) in sides.items():
        mine = float(ours({"target": target, "text": texts}, 0, noise)["loss"].detach())
        theirs = float(bare.detach())
        if abs(mine - theirs) > 1e-4 * abs(mine):
            raise SystemExit(f"the {name}'s loss is {mine} in mmgen and {theirs} in the bare loop")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--steps", type=int, default=32)
    parser.add_argument("--skip", type=int, default=8, help="steps before the clock starts")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--side", type=int, default=64)
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="bf16")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    side, count = arguments.side, 2048
    rng = torch.Generator().manual_seed(0)
    pictures = torch.randint(0, 256, (count, 3, side, side), dtype=torch.uint8, generator=rng)
    work = Work(
        config=TextGanConfig(height=side, width=side),
        pictures=pictures.to(arguments.device),
        texts=captions(count),
        batch_size=arguments.batch_size,
        steps=arguments.steps,
        skip=max(1, arguments.skip),
        precision=arguments.precision,
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
