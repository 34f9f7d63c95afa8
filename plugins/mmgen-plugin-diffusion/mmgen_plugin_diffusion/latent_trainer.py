"""How latent diffusion learns: the autoencoder, then the denoiser on its latents."""

import warnings
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmgen.errors import MmgenWarning
from mmgen.interfaces import Batch, Noise, Phase, Stage
from mmgen.options import describe
from mmgen_plugin_diffusion.autoencoder_trainer import reconstruct
from mmgen_plugin_diffusion.latent import LatentDiffusion
from mmgen_plugin_diffusion.options import (
    AutoencoderTraining,
    LatentDiffusionTraining,
    changed,
)
from mmgen_plugin_diffusion.reconstruction import ReconstructionLoss, reconstruction_figures
from mmgen_plugin_diffusion.trainer import DiffusionTrainer

_OF_THE_FIRST_STAGE = (
    *(info.name for info in describe(AutoencoderTraining) if info.name != "flip"),
    "autoencoder_steps",
    "autoencoder_rate",
)


class LatentDiffusionTrainer(DiffusionTrainer):
    """The autoencoder, unless it is a trained part; then the denoiser on its latents."""

    model: LatentDiffusion
    options: LatentDiffusionTraining

    def __init__(self, model: LatentDiffusion, options: LatentDiffusionTraining) -> None:
        super().__init__(model, options)
        self.judge: ReconstructionLoss | None = None
        if not model.autoencoder.learned:
            self.judge = ReconstructionLoss(options)
        elif given := changed(options, *_OF_THE_FIRST_STAGE):
            warnings.warn(
                f"{model.title} has a trained autoencoder, which stays as it is: trainer."
                f"{', trainer.'.join(given)} change nothing, and may be left out",
                MmgenWarning,
                stacklevel=2,
            )

    def stages(self) -> Sequence[Stage]:
        """Two stages, or with a trained autoencoder the second alone."""
        autoencoder = self.model.autoencoder
        frozen: list[nn.Module] = [autoencoder, *self.kept()]
        if self.judge is not None:
            frozen.append(self.judge)
        second = Stage(
            name="denoise", phases=[self.denoising()], frozen=frozen, encode=self.to_latents
        )
        if self.judge is None:
            return [second]
        phase = Phase(
            name="reconstruct",
            parameters=list(autoencoder.parameters()),
            loss=self.reconstruction_loss,
            learning_rate=self.options.autoencoder_rate,
            ema=(autoencoder,),
        )
        first = Stage(
            name="autoencoder",
            phases=[phase],
            frozen=[self.model.denoiser, self.model.conditioner, self.judge, *self.teachers()],
            steps=self.options.autoencoder_steps,
            evaluate=self.evaluate_autoencoder,
            makes_pictures=False,
        )
        return [first, second]

    def reconstruction_loss(self, batch: Batch, step: int, rng: Noise) -> dict[str, Tensor]:  # noqa: ARG002
        """Return the autoencoder's loss and its parts."""
        assert self.judge is not None
        autoencoder = self.model.autoencoder
        return reconstruct(autoencoder, self.judge, batch, rng, self.options.flip)

    def evaluate_autoencoder(self, batch: Batch, rng: Noise) -> dict[str, Tensor]:  # noqa: ARG002
        """Return the held-out figures of the autoencoder."""
        return reconstruction_figures(self.model.autoencoder, batch["target"], None)

    def to_latents(self, batch: Batch) -> Batch:
        """Return a batch with latents in place of its pictures, and those of mirror images.

        Where the model learns to inpaint the pictures come along, in 8 bits.
        """
        images = batch["target"]
        rest = {name: value for name, value in batch.items() if name not in ("target", "image")}
        found: Batch = {"latents": self.model.to_data(images)}
        if self.options.flip:
            found["mirrored"] = self.model.to_data(images.flip(-1))
        if self.model.config.inpainting:
            found["pixels"] = images.mul(255).round().to(torch.uint8)
        return {**found, **rest}

    def data_of(self, batch: Batch, rng: Noise) -> tuple[Tensor, Tensor]:
        """Return latents (N, K, h, w), and the images that they are of where they are needed."""
        data: Tensor = batch["latents"]
        images: Tensor = batch.get("pixels", data[:, :0])
        if "mirrored" in batch:
            coin = rng.uniform((1, 1, 1), stream="flip").to(data.device) < 0.5
            data = torch.where(coin, batch["mirrored"], data)
            images = torch.where(coin, images.flip(-1), images)
        return data, images.float() / 255
