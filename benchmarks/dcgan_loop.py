"""Images a second of training `dcgan` through mmgen, against a bare loop in torch.

    python benchmarks/dcgan_loop.py
    python benchmarks/dcgan_loop.py --device cuda --steps 1000

Both sides train the same networks on the same pictures: relativistic pairing with R1 and R2, two
fused AdamWs, a moving average of the generator. Before anything is timed, both must compute the
same losses. The bare loop is as fast as we could write it: pictures stay on the device as bytes,
scores of real and generated pictures come from one pass, the average is one call for all weights,
and no loss is read.
"""

import copy
from collections.abc import Sequence
from functools import partial

import torch
import torch.nn.functional as F
from mmgen_plugin_gan.config import DcganConfig, GanTraining
from mmgen_plugin_gan.convolutional import Dcgan
from mmgen_plugin_gan.trainer import GanTrainer
from torch import Tensor, nn

from bare_loop import Work, arguments_of, compare, demand_same, new_work, run_bare

BAR = 0.95
SETTINGS = {"learning_rate": 2e-4, "betas": (0.5, 0.99), "ema_decay": 0.999}
OPTIONS = GanTraining(penalty_weight=1.0)


def new_trainer(config: DcganConfig, device: str) -> GanTrainer:
    torch.manual_seed(0)
    return GanTrainer(Dcgan(config).to(device), OPTIONS).to(device)


def bare_loop(work: Work[GanTrainer]) -> float:
    trainer = work.new_trainer()
    generator, discriminator = trainer.model.train(), trainer.discriminator.train()
    judges, makers = work.optimizer(discriminator), work.optimizer(generator)

    def take_step(rows: Tensor, _: int) -> None:
        real = work.pictures[rows].div(127.5).sub_(1)
        latents = torch.randn(len(rows), generator.latent_dim, device=work.device)
        discriminator.requires_grad_(True)
        discriminator_loss(generator, discriminator, real, latents).backward()
        judges.step()
        judges.zero_grad()
        latents = torch.randn(len(rows), generator.latent_dim, device=work.device)
        discriminator.requires_grad_(False)
        generator_loss(generator, discriminator, real, latents).backward()
        makers.step()
        makers.zero_grad()

    return run_bare(work, take_step, averaged=generator)


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
    return F.softplus(on_fake - on_real).mean() + OPTIONS.penalty_weight * penalty


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


def check_same_losses(work: Work[GanTrainer]) -> None:
    """Stop unless both sides compute the same from the same weights, pictures and latents."""
    trainer = work.new_trainer().train()
    networks = copy.deepcopy(trainer.model), copy.deepcopy(trainer.discriminator)
    target = work.pictures[work.first_rows].div(255)
    noise = GivenNoise(torch.randn(len(target), trainer.model.latent_dim, device=work.device))
    sides = {
        "discriminator": (trainer.discriminator_loss, discriminator_loss),
        "generator": (trainer.generator_loss, generator_loss),
    }
    for name, (ours, bare) in sides.items():
        mine = ours({"target": target}, 0, noise)["loss"]
        demand_same(f"the {name}'s loss", mine, bare(*networks, 2 * target - 1, noise.latents))


def main() -> None:
    parser = arguments_of(__doc__, steps=100, skip=10, repeats=7, batch_size=64)
    parser.add_argument("--channels", type=int, default=3)
    parser.add_argument("--widths", default="128,64", help="of the generator, as the architecture")
    arguments = parser.parse_args()
    config = DcganConfig.build(
        {"channels": arguments.channels, "height": 32, "width": 32, "widths": arguments.widths}
    )
    rng = torch.Generator().manual_seed(0)
    shape = (4096, arguments.channels, 32, 32)
    pictures = torch.randint(0, 256, shape, dtype=torch.uint8, generator=rng)
    trainer = partial(new_trainer, config, arguments.device)
    work = new_work(arguments, trainer, {"target": pictures}, **SETTINGS)
    check_same_losses(work)
    compare(work, bare_loop, repeats=arguments.repeats, bar=BAR)


if __name__ == "__main__":
    main()
