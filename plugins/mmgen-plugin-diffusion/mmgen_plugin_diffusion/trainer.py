"""How a denoiser learns: from noisy samples at all times, and what is known of pictures."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mmgen.interfaces import Batch, Condition, Noise, Phase, Stage, Trainer
from mmgen_plugin_diffusion.autoencoder_trainer import lay_channels_last, mirrored, reconstruct
from mmgen_plugin_diffusion.diffusion import Diffusion
from mmgen_plugin_diffusion.latent import LatentDiffusion
from mmgen_plugin_diffusion.masks import random_masks
from mmgen_plugin_diffusion.objectives import mix, target
from mmgen_plugin_diffusion.options import DiffusionTraining, LatentDiffusionTraining
from mmgen_plugin_diffusion.reconstruction import ReconstructionLoss, reconstruction_figures
from mmgen_plugin_diffusion.times import spread, training_times


class DiffusionTrainer(Trainer[DiffusionTraining]):
    """Predictions at all times shall be right: Lipman et al. 2023, equation 23; Ho et al. 2020."""

    model: Diffusion

    def __init__(self, model: Diffusion, options: DiffusionTraining) -> None:
        super().__init__(model, options)
        lay_channels_last(model)

    def stages(self) -> Sequence[Stage]:
        """One stage of one phase."""
        return [Stage(name="train", phases=[self.denoising()])]

    def denoising(self) -> Phase:
        """Return the phase of the denoiser and the encoders of its conditions."""
        model = self.model
        learning = [*model.denoiser.parameters(), *model.conditioner.parameters()]
        return Phase(
            name="denoise",
            parameters=[p for p in learning if p.requires_grad],
            loss=self.loss,
            ema=(model.denoiser, model.conditioner),
        )

    def loss(self, batch: Batch, step: int, rng: Noise) -> dict[str, Tensor]:  # noqa: ARG002
        """Return the mean squared error of the predictions."""
        data, images = self.data_of(batch, rng)
        shares = spread(rng.uniform((), stream="times").to(data.device))
        times = training_times(shares, self.options, self.model.config.objective)
        noise = rng.normal(tuple(data.shape[1:]), stream="noise").to(data)
        condition = self.condition_of(batch, len(data), data.device)
        hints = self.random_hints(images, rng)
        errors = self.errors(data, noise, times, condition, hints)
        return {"loss": errors.mean()}

    def data_of(self, batch: Batch, rng: Noise) -> tuple[Tensor, Tensor]:
        """Return what is learned, (N, K, h, w), and the images (N, C, H, W) that it is of."""
        images: Tensor = batch["target"]
        if self.options.flip:
            images = mirrored(images, rng)
        return self.model.to_data(images), images

    def condition_of(self, batch: Batch, count: int, device: torch.device) -> Condition:
        """Return what a batch tells."""
        condition: Condition = self.model.conditioner(batch, num_images=count, device=device)
        return condition

    def random_hints(self, images: Tensor, rng: Noise) -> Tensor | None:
        """Return what the denoiser sees of known pixels: of some pictures a part, else nothing."""
        model = self.model
        if not model.config.inpainting:
            return None
        nothing = model.no_hints(len(images), images.device)
        coin = rng.uniform((), stream="masks/share").to(images.device)
        rows = (coin < self.options.inpainting_share).nonzero()[:, 0]
        if not len(rows):
            return nothing
        sides = (model.config.height, model.config.width)
        mask = random_masks(rng, sides, images.device)[rows]
        with torch.no_grad():
            seen = model.hints(images[rows].float(), mask)
        return nothing.index_copy(0, rows, seen.to(nothing))

    def errors(
        self,
        data: Tensor,
        noise: Tensor,
        times: Tensor,
        condition: Condition,
        hints: Tensor | None,
    ) -> Tensor:
        """Return the mean squared error of each prediction, (N,)."""
        model, objective = self.model, self.model.config.objective
        moments = times[:, None, None, None]
        noisy = mix(objective, data, noise, moments)
        inputs = noisy if hints is None else torch.cat([noisy, hints], dim=1)
        output = model.denoiser(inputs, times, model.denoiser.prepare(condition)).float()
        wanted = target(objective, data, noise, moments)
        return (output - wanted).square().flatten(1).mean(dim=1)

    def evaluate(self, batch: Batch, rng: Noise) -> dict[str, Tensor]:
        """Return the error of held-out pictures, (N,): the mean over times of even shares."""
        images, count = batch["target"], self.options.evaluation_times
        rows = torch.arange(len(images), device=images.device).repeat_interleave(count)
        data = self.model.to_data(images)[rows]
        condition = self.condition_of(batch, len(images), images.device).rows(rows)
        noise = rng.normal((count, *self.model.noisy_shape), stream="noise").to(data).flatten(0, 1)
        shares = ((torch.arange(count) + 0.5) / count).to(images.device)
        times = training_times(shares, self.options, self.model.config.objective)
        hints = None
        if self.model.config.inpainting:
            hints = self.model.no_hints(len(data), data.device)
        errors = self.errors(data, noise, times.repeat(len(images)), condition, hints)
        return {"error": errors.unflatten(0, (len(images), count)).mean(dim=1)}


class LatentDiffusionTrainer(DiffusionTrainer):
    """The autoencoder, unless it is a trained part; then the denoiser on its latents."""

    model: LatentDiffusion
    options: LatentDiffusionTraining

    def __init__(self, model: LatentDiffusion, options: LatentDiffusionTraining) -> None:
        super().__init__(model, options)
        self.judge: ReconstructionLoss | None = None
        if not model.autoencoder.learned:
            self.judge = ReconstructionLoss(options)

    def stages(self) -> Sequence[Stage]:
        """Two stages, or with a trained autoencoder the second alone."""
        autoencoder = self.model.autoencoder
        frozen = [autoencoder] if self.judge is None else [autoencoder, self.judge]
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
            frozen=[self.model.denoiser, self.model.conditioner, self.judge],
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
        data = batch["latents"]
        images = batch.get("pixels", data)
        if "mirrored" in batch:
            coin = rng.uniform((1, 1, 1), stream="flip").to(data.device) < 0.5
            data = torch.where(coin, batch["mirrored"], data)
            images = torch.where(coin, images.flip(-1), images) if "pixels" in batch else images
        return data, images.float().div(255) if "pixels" in batch else images
