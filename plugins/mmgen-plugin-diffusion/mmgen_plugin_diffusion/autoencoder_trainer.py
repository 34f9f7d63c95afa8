"""How the autoencoder learns when it is trained by itself."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mmgen.interfaces import Batch, Noise, Phase, Stage, Trainer
from mmgen.nn import channels_last
from mmgen_plugin_diffusion.autoencoder import ImageAutoencoder
from mmgen_plugin_diffusion.options import AutoencoderTraining
from mmgen_plugin_diffusion.reconstruction import ReconstructionLoss, reconstruction_figures


class ImageAutoencoderTrainer(Trainer[AutoencoderTraining]):
    """Pictures come back as they went in."""

    model: ImageAutoencoder

    def __init__(self, model: ImageAutoencoder, options: AutoencoderTraining) -> None:
        super().__init__(model, options)
        self.judge = ReconstructionLoss(options)
        channels_last(model)

    def stages(self) -> Sequence[Stage]:
        """One stage of one phase."""
        phase = Phase(
            name="reconstruct",
            parameters=[p for p in self.model.parameters() if p.requires_grad],
            loss=self.loss,
            ema=(self.model,),
        )
        return [Stage(name="train", phases=[phase], frozen=[self.judge])]

    def loss(self, batch: Batch, step: int, rng: Noise) -> dict[str, Tensor]:  # noqa: ARG002
        """Return the loss and its parts."""
        return reconstruct(self.model, self.judge, batch, rng, self.options.flip)

    def evaluate(self, batch: Batch, rng: Noise) -> dict[str, Tensor]:  # noqa: ARG002
        """Return mean squared error and peak signal-to-noise ratio (dB), each (N,)."""
        images = batch["target"]
        return reconstruction_figures(self.model, images, _vector(self.model, batch))


def reconstruct(
    model: ImageAutoencoder, judge: ReconstructionLoss, batch: Batch, rng: Noise, flip: bool
) -> dict[str, Tensor]:
    """Return the loss of a batch and its parts."""
    images: Tensor = batch["target"]
    if flip:
        images = mirrored(images, rng)
    losses: dict[str, Tensor] = judge(model, images, rng, _vector(model, batch))
    return losses


def _vector(model: ImageAutoencoder, batch: Batch) -> Tensor | None:
    images = batch["target"]
    condition = model.conditioner(batch, num_images=len(images), device=images.device)
    return model.vector(condition)


def mirrored(images: Tensor, rng: Noise) -> Tensor:
    """Return images (N, C, H, W), each mirrored with probability one half."""
    coin = rng.uniform((1, 1, 1), stream="flip").to(images.device) < 0.5
    return torch.where(coin, images.flip(-1), images)
