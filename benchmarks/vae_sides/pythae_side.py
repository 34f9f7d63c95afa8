"""pythae's side of `vae_against_pythae.py`; runs in the peers' environment."""

import tempfile
from pathlib import Path

import torch
from networks import LATENT_WIDTH, Posterior, build_decoder, copy_parameters
from pythae.data.datasets import BaseDataset
from pythae.models import VAE, VAEConfig
from pythae.models.nn.benchmarks.mnist import Decoder_ResNet_AE_MNIST, Encoder_ResNet_VAE_MNIST
from pythae.samplers import NormalSampler
from pythae.trainers import BaseTrainer, BaseTrainerConfig
from pythae.trainers.training_callbacks import TrainingCallback
from worker import now, serve


def build(network: str) -> VAE:
    torch.manual_seed(0)
    config = VAEConfig(input_dim=(1, 28, 28), latent_dim=LATENT_WIDTH, reconstruction_loss="bce")
    if network == "mlp":
        return VAE(config)
    return VAE(config, Encoder_ResNet_VAE_MNIST(config), Decoder_ResNet_AE_MNIST(config))


def check(network: str) -> dict[str, float]:
    """Copy the parameters into the rebuilt layers, and compare what both compute."""
    peer, posterior, decoder = build(network), Posterior(network), build_decoder(network)
    count = copy_parameters([peer.encoder, peer.decoder], [posterior, decoder])
    images, latents = torch.rand(64, 1, 28, 28), torch.randn(64, LATENT_WIDTH)
    with torch.no_grad():
        theirs = peer.encoder(images)
        mean, log_variance = posterior(images)
        pictures = peer.decoder(latents)["reconstruction"].reshape(64, 1, 28, 28)
        differences = [
            (theirs.embedding - mean).abs().max().item(),
            (theirs.log_covariance - log_variance).abs().max().item(),
            (pictures - decoder(latents).sigmoid()).abs().max().item(),
        ]
    return {"parameters": count, "difference": max(differences)}


class StepClock(TrainingCallback):
    """Notes the time after every training step."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def on_train_step_end(self, _config: BaseTrainerConfig, **_: object) -> None:
        self.times.append(now())


def train(network: str, images: str, batch_size: int, steps: int, skip: int, fused: bool) -> float:
    """Seconds a step, in pythae's own loop over its own loader, the first `skip` left out."""
    data = torch.load(images)[: (steps + skip) * batch_size].float().div(255)
    clock = StepClock()
    with tempfile.TemporaryDirectory() as folder:
        config = BaseTrainerConfig(
            output_dir=folder,
            per_device_train_batch_size=batch_size,
            num_epochs=1,
            learning_rate=1e-3,
            optimizer_cls="AdamW",
            optimizer_params={"weight_decay": 0.0, "fused": fused},
        )
        dataset = BaseDataset(data, torch.zeros(len(data)))
        BaseTrainer(build(network), dataset, training_config=config, callbacks=[clock]).train()
    return (clock.times[-1] - clock.times[skip - 1]) / (len(clock.times) - skip)


def sample(network: str, num_images: int, batch_size: int) -> float:
    """Seconds for a tensor of `num_images` pictures."""
    sampler = NormalSampler(build(network))
    start = now()
    pictures = sampler.sample(num_samples=num_images, batch_size=batch_size)
    seconds = now() - start
    assert len(pictures) == num_images
    return seconds


def save(network: str, num_images: int, batch_size: int) -> float:
    """Seconds for `num_images` PNG files."""
    sampler = NormalSampler(build(network))
    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(folder) / "pictures"
        start = now()
        sampler.sample(num_samples=num_images, batch_size=batch_size, output_dir=str(pictures))
        seconds = now() - start
        assert len(list(pictures.glob("*.png"))) == num_images
    return seconds


if __name__ == "__main__":
    serve({"check": check, "train": train, "sample": sample, "save": save})
