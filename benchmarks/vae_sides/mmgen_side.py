"""mmgen's side of `vae_against_pythae.py`; runs in the environment of mmgen."""

import tempfile
from functools import partial
from pathlib import Path

import torch
from mmgen_plugin_vae.autoencoder import Autoencoder
from mmgen_plugin_vae.config import MlpVaeConfig, VaeConfig, VaeTraining
from mmgen_plugin_vae.ladder import TopDown, draw_whitened
from mmgen_plugin_vae.trainer import VaeTrainer
from networks import LATENT_WIDTH, Posterior, build_decoder
from torch import Tensor
from worker import now, serve

from mmgen.interfaces import Generator
from mmgen.interfaces.model import Identity
from mmgen.nn import DoublingConv
from mmgen.pretrained import build as build_registered
from mmgen.training.config import TrainingConfig
from mmgen.training.feed import ResidentRows
from mmgen.training.loop import Loop
from mmgen.training.machine import Machine, fast_arithmetic
from mmgen.training.progress import Silence
from mmgen.training.run_folder import RunFolder


class ResnetVae(Autoencoder):
    """pythae's residual network as a model of mmgen's VAE family, with mmgen's own last layer."""

    identity = Identity(family="benchmarks", architecture="resnet-vae")

    def __init__(self, config: VaeConfig) -> None:
        super().__init__(config)
        self.posterior = Posterior("resnet")
        self.decoder = build_decoder("resnet", partial(DoublingConv, kernel=3))
        self.to(memory_format=torch.channels_last)

    @property
    def latent_shapes(self) -> tuple[tuple[int, ...], ...]:
        return ((LATENT_WIDTH,),)

    def bottom_up(self, images: Tensor, vector: Tensor | None) -> tuple[Tensor, ...]:  # noqa: ARG002
        mean, log_variance = self.posterior(images)
        return (torch.cat([mean, log_variance / 2], dim=1),)

    def top_down(
        self,
        vector: Tensor | None,  # noqa: ARG002
        noise: tuple[Tensor, ...],
        evidence: tuple[Tensor, ...] | None = None,
    ) -> TopDown:
        latent, posterior = draw_whitened(noise[0], None if evidence is None else evidence[0])
        return TopDown(self.decoder(latent), (posterior,) if posterior else (), (latent,))


def build(network: str) -> Autoencoder:
    torch.manual_seed(0)
    if network == "resnet":
        return ResnetVae(VaeConfig())
    config = MlpVaeConfig(latent_dim=LATENT_WIDTH, hidden=512, depth=1, layers="plain")
    model = build_registered("vae", config)
    assert isinstance(model, Autoencoder)
    return model


class StepClock(Silence):
    """Notes the time after every training step."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def step(self, _: int) -> None:
        self.times.append(now())


def train(
    network: str,
    images: str,
    batch_size: int,
    steps: int,
    skip: int,
    precision: str,
    compiled: bool,
) -> float:
    """Seconds a step in mmgen's own loop, the first `skip` steps left out."""
    config = TrainingConfig(
        steps=steps + skip,
        batch_size=batch_size,
        ema_decay=0.0,
        sample_every=0,
        checkpoint_every=0,
        device="cpu",
        precision=precision,
        compile=compiled,
    )
    torch.compiler.reset()
    machine, clock = Machine(config), StepClock()
    source = ResidentRows({"target": torch.load(images)}, machine.device)
    trainer = VaeTrainer(build(network), VaeTraining())
    with tempfile.TemporaryDirectory() as folder, fast_arithmetic(machine.device):
        run = RunFolder(folder)
        Loop(trainer, source, None, config, machine, run, reporter=clock, record={}).train()
    return (clock.times[-1] - clock.times[skip - 1]) / steps


def sample(network: str, num_images: int, batch_size: int) -> float:
    """Seconds for a tensor of `num_images` pictures."""
    model: Generator = build(network)
    start = now()
    samples = model.generate(num_images, seed=0, batch_size=batch_size)
    seconds = now() - start
    assert len(samples.images) == num_images
    return seconds


def save(network: str, num_images: int, batch_size: int) -> float:
    """Seconds for `num_images` PNG files, each with its recipe."""
    model: Generator = build(network)
    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(folder) / "pictures"
        start = now()
        model.generate(num_images, seed=0, batch_size=batch_size).save(pictures)
        seconds = now() - start
        assert len(list(pictures.glob("*.png"))) == num_images
    return seconds


if __name__ == "__main__":
    serve({"train": train, "sample": sample, "save": save})
