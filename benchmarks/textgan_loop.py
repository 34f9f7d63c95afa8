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

import copy
from collections.abc import Sequence
from functools import partial
from itertools import product

import torch
import torch.nn.functional as F
from mmgen_plugin_textgan.config import TextGanConfig, TextGanTraining
from mmgen_plugin_textgan.discriminator import Discriminator
from mmgen_plugin_textgan.generator import TextGan
from mmgen_plugin_textgan.trainer import TextGanTrainer
from torch import Tensor

from bare_loop import Work, arguments_of, compare, demand_same, new_work, run_bare
from mmgen.interfaces import Condition, Conditioner
from mmgen.pretrained import build_encoder

BAR = 0.9
SETTINGS = {"learning_rate": 5e-4, "betas": (0.0, 0.99), "ema_decay": 0.999}
OPTIONS = TextGanTraining(penalty_weight=0.1, penalty_every=8)
TEXT = {"width": 64, "depth": 2, "dropout": 0.0, "noise": 0.0}
COLOURS = ("red", "green", "blue", "yellow", "purple", "white")
PLACES = ("on the left", "on the right", "at the top", "at the bottom")


def captions(count: int) -> list[str]:
    """Captions of two things each, about as long as those of small scenes."""
    things = [f"a {colour} square {place}" for colour, place in product(COLOURS, PLACES)]
    pairs = [f"{one} and {two}" for one, two in product(things, things)]
    return [pairs[row * 7 % len(pairs)] for row in range(count)]


def new_trainer(config: TextGanConfig, texts: list[str], device: str) -> TextGanTrainer:
    torch.manual_seed(0)
    encoder = build_encoder("text-transformer", TEXT, texts)
    conditioner = Conditioner({"text": encoder}, width=64, dropout=0.0)
    model = TextGan(config, conditioner=conditioner).to(device)
    return TextGanTrainer(model, OPTIONS).to(device)


def bare_loop(work: Work[TextGanTrainer]) -> float:
    trainer = work.new_trainer()
    generator, discriminator = trainer.model.train(), trainer.discriminator.train()
    judges, makers = work.optimizer(discriminator), work.optimizer(generator)
    tokens = tokens_of(generator, work.columns["text"]).to(work.device)
    half = work.training.precision == "bf16"

    def take_step(rows: Tensor, step: int) -> None:
        real, words = work.pictures[rows].div(127.5).sub_(1), tokens[rows]
        latents, noise = draws(generator, len(rows))
        discriminator.requires_grad_(True)
        with torch.autocast(work.device.type, torch.bfloat16, enabled=half):
            loss = discriminator_loss(generator, discriminator, real, words, latents, noise, step)
        loss.backward()
        judges.step()
        judges.zero_grad()
        latents, noise = draws(generator, len(rows))
        discriminator.requires_grad_(False)
        with torch.autocast(work.device.type, torch.bfloat16, enabled=half):
            loss = generator_loss(generator, discriminator, real, words, latents, noise)
        loss.backward()
        makers.step()
        makers.zero_grad()

    return run_bare(work, take_step, averaged=generator)


def draws(generator: TextGan, count: int) -> tuple[Tensor, Tensor]:
    config, device = generator.config, generator.device
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


def check_same_losses(work: Work[TextGanTrainer]) -> None:
    """Stop unless both sides compute the same from the same weights, pictures and latents."""
    trainer = work.new_trainer().train()
    networks = copy.deepcopy(trainer.model), copy.deepcopy(trainer.discriminator)
    batch = {
        "target": work.pictures[work.first_rows].div(255),
        "text": work.columns["text"][work.first_rows],
    }
    tokens = tokens_of(trainer.model, batch["text"]).to(work.device)
    latents, sentence = draws(trainer.model, len(tokens))
    noise = GivenNoise(latents=latents, sentence=sentence)
    given = (*networks, 2 * batch["target"] - 1, tokens, latents, sentence)
    sides = {
        "discriminator": (trainer.discriminator_loss, discriminator_loss(*given, 0)),
        "generator": (trainer.generator_loss, generator_loss(*given)),
    }
    for name, (ours, bare) in sides.items():
        demand_same(f"the {name}'s loss", ours(batch, 0, noise)["loss"], bare)


def main() -> None:
    parser = arguments_of(__doc__, steps=32, skip=8, repeats=5, batch_size=64)
    parser.add_argument("--side", type=int, default=64)
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="bf16")
    arguments = parser.parse_args()
    side, count = arguments.side, 2048
    rng = torch.Generator().manual_seed(0)
    pictures = torch.randint(0, 256, (count, 3, side, side), dtype=torch.uint8, generator=rng)
    config, texts = TextGanConfig(height=side, width=side), captions(count)
    trainer = partial(new_trainer, config, texts, arguments.device)
    columns = {"target": pictures, "text": texts}
    work = new_work(arguments, trainer, columns, precision=arguments.precision, **SETTINGS)
    check_same_losses(work)
    compare(work, bare_loop, repeats=arguments.repeats, bar=BAR)


if __name__ == "__main__":
    main()
