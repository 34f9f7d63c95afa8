"""What all VAEs of this family do with their way up and their way down."""

import math
from abc import abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mmgen.errors import InputError, UnknownNameError
from mmgen.interfaces import Condition, Conditioner, Generator, LogLikelihood, Noise, Progress
from mmgen.nn import Likelihood, likelihood, masked_mean, spherical
from mmgen.slots import Size, Slot
from mmgen_plugin_vae.config import VaeConfig, VaeGeneration
from mmgen_plugin_vae.importance import ImportanceSampling, estimate
from mmgen_plugin_vae.inpainting import inpaint
from mmgen_plugin_vae.ladder import TopDown


class Autoencoder(Generator):
    """A VAE: Kingma and Welling 2013; Rezende et al. 2014.

    Latents are whitened: whatever the architecture, p(u) = N(0, I) for u of all layers in a row,
    (N, latent_dim), and the network turns u into a picture's likelihood.
    """

    config: VaeConfig
    generation = VaeGeneration
    uses_tokens = False
    spatial_slots = (
        Slot(name="image", modality="image"),
        Slot(name="mask", modality="mask"),
    )

    def __init__(self, config: VaeConfig, *, conditioner: Conditioner | None = None) -> None:
        super().__init__(config, conditioner=conditioner)
        self.pixels: Likelihood = likelihood(
            config.likelihood, channels=config.channels, num_mixtures=config.mixtures
        )

    @property
    def size(self) -> Size:
        """The one size of picture that the config names."""
        config = self.config
        return Size(channels=config.channels, height=config.height, width=config.width)

    @property
    @abstractmethod
    def latent_shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shape of each latent layer, without N, from the top."""

    @abstractmethod
    def bottom_up(self, images: Tensor, vector: Tensor | None) -> tuple[Tensor, ...]:
        """Return what the posteriors need of images (N, C, H, W) in [-1, 1], each (N, …)."""

    @abstractmethod
    def top_down(
        self,
        vector: Tensor | None,
        noise: tuple[Tensor, ...],
        evidence: tuple[Tensor | None, ...] | None = None,
    ) -> TopDown:
        """Go from the latents to the picture's likelihood.

        Args:
            vector: the condition's (N, D), or None where the model has no semantic slot.
            noise: one (N, *shape) per latent layer, standard normal.
            evidence: what `bottom_up` returned: then the latents are drawn from the posteriors.
                Without, or where a layer's is None, from the prior: the noise is the whitened
                latent itself.
        """

    @property
    def latent_dim(self) -> int:
        """How many numbers a picture's latents have, all layers together."""
        return sum(math.prod(shape) for shape in self.latent_shapes)

    def split_latents(self, latents: Tensor) -> tuple[Tensor, ...]:
        """Cut (N, latent_dim) into the layers' (N, *shape), from the top."""
        shapes = self.latent_shapes
        parts = latents.split([math.prod(shape) for shape in shapes], dim=1)
        return tuple(part.view(-1, *shape) for part, shape in zip(parts, shapes, strict=True))

    def collect(self, images: Tensor, vector: Tensor | None) -> tuple[Tensor, ...]:
        """Return `bottom_up` of images (N, C, H, W) in [0, 1]."""
        centred = (2 * images - 1).to(self.dtype, memory_format=torch.channels_last)
        return self.bottom_up(centred, vector)

    def forward(self, images: Tensor, noise: Tensor, vector: Tensor | None) -> TopDown:
        """Infer the latents of images and come down again.

        Args:
            images: (N, C, H, W) in [0, 1].
            noise: (N · k, latent_dim), standard normal; row i · k + j is draw j for picture i.
            vector: the condition's (N, D), or None.
        """
        evidence = self.collect(images, vector)
        draws = len(noise) // len(images)
        if draws > 1:
            evidence = tuple(part.repeat_interleave(draws, dim=0) for part in evidence)
            vector = None if vector is None else vector.repeat_interleave(draws, dim=0)
        return self.top_down(vector, self.split_latents(noise), evidence)

    def vector(self, condition: Condition) -> Tensor | None:
        """Return the condition as one vector (N, D): pooled, and the mean of the tokens.

        None where the model has no semantic slot.
        """
        if not self.condition_width:
            return None
        return condition.pooled + masked_mean(condition.tokens, condition.token_mask)

    def sample(self, condition: Condition, rng: Noise, options: VaeGeneration) -> Tensor:
        """Draw images (N, C, H, W) in [0, 1]: latents from the prior, then the way down.

        With an image and a mask, paint where the mask is 1 and keep every other pixel.
        """
        vector = self.vector(condition)
        if "mask" in condition.spatial:
            image, mask = condition.spatial["image"], condition.spatial["mask"]
            return inpaint(self, image, mask, vector, rng, options)
        latents = rng.normal((self.latent_dim,), stream="latents")
        latents = latents * self.chosen_temperature(options)
        parameters = self.top_down(vector, self.split_latents(latents)).parameters
        return self.render(parameters, rng, options.output, stream="pixels")

    def chosen_temperature(self, options: VaeGeneration) -> float:
        """Return the temperature asked for, or the model's own."""
        asked = options.temperature
        return self.config.temperature if asked is None else asked

    def render(
        self, parameters: Tensor, rng: Noise, output: str, *, stream: str, step: int = 0
    ) -> Tensor:
        """Return the mean of the likelihood, or a draw, as images (N, C, H, W) in [0, 1]."""
        if output == "mean":
            return self.pixels.mean(parameters)
        shape = (self.pixels.num_uniforms, *parameters.shape[2:])
        return self.pixels.sample(parameters, rng.uniform(shape, stream=stream, step=step))

    def check_conditions(self, conditions: Mapping[str, Any]) -> None:
        """Demand image and mask together."""
        super().check_conditions(conditions)
        if "image" in conditions and "mask" not in conditions:
            raise InputError("'image' is a picture to paint in; give 'mask' (1 = paint) with it")

    @torch.inference_mode()
    def encode(self, images: Tensor, *, space: str = "z", **conditions: Any) -> Tensor:
        """Return the posterior means of images (N, C, H, W) in [0, 1] as latents (N, latent_dim).

        The latents are whitened: drawn from N(0, 1) they are draws from the prior. In a ladder
        each layer's mean is the one given the means above it.

        Raises:
            UnknownNameError: a space other than "z".
        """
        if space != "z":
            raise UnknownNameError(f"unknown latent space {space!r}; {self.title} has 'z'")
        vector = self.vector(self.semantic_condition(conditions, len(images)))
        return self._in_batches(self._mean_latents, images, vector)

    def _mean_latents(self, images: Tensor, vector: Tensor | None) -> Tensor:
        noise = torch.zeros(len(images), self.latent_dim, device=images.device)
        result = self(images, noise, vector)
        return torch.cat([part.flatten(1) for part in result.whitened], dim=1)

    @torch.inference_mode()
    def decode(self, latents: Tensor, **conditions: Any) -> Tensor:
        """Return the mean images (N, C, H, W) in [0, 1] of latents (N, latent_dim)."""
        if latents.ndim != 2 or latents.shape[1] != self.latent_dim:
            raise InputError(
                f"latents must be (N, {self.latent_dim}) for {self.title}; "
                f"got {tuple(latents.shape)}"
            )
        vector = self.vector(self.semantic_condition(conditions, len(latents)))
        return self._in_batches(self._decode_batch, latents, vector)

    def _decode_batch(self, latents: Tensor, vector: Tensor | None) -> Tensor:
        return self.pixels.mean(self.top_down(vector, self.split_latents(latents)).parameters)

    def reconstruct(self, images: Tensor, **conditions: Any) -> Tensor:
        """Return the mean images (N, C, H, W) in [0, 1] of the images' posterior means."""
        vector = self.vector(self.semantic_condition(conditions, len(images)))
        with torch.inference_mode():
            return self._in_batches(self._reconstruct_batch, images, vector)

    def _reconstruct_batch(self, images: Tensor, vector: Tensor | None) -> Tensor:
        noise = torch.zeros(len(images), self.latent_dim, device=images.device)
        return self.pixels.mean(self(images, noise, vector).parameters)

    def interpolate(self, a: Tensor, b: Tensor, steps: int, **conditions: Any) -> Tensor:
        """Return images (steps, C, H, W) in [0, 1] from a to b, each (C, H, W), both included.

        Every layer's whitened latents turn from those of a to those of b on a sphere, so that
        what lies between is as typical of the prior as the ends are. Conditions are one for all
        images or one for each step: the first is a's, the last b's.
        """
        conditions, of_ends = self.read_way(conditions, steps)
        ends = self.encode(torch.stack([a, b]), **of_ends)
        weights = torch.linspace(0, 1, steps, device=ends.device)
        layers = [spherical(part[0], part[1], weights) for part in self.split_latents(ends)]
        path = torch.cat([layer.flatten(1) for layer in layers], dim=1)
        return self.decode(path, **conditions)

    def log_likelihood(
        self,
        images: Tensor,
        *,
        num_samples: int = 1000,
        refine_steps: int = 0,
        seed: int = 0,
        batch_size: int | None = None,
        progress: Progress | None = None,
        checkpoint: Path | None = None,
        **conditions: Any,
    ) -> LogLikelihood:
        """Return the importance-sampled bound on log p(x) of images (N, C, H, W) in [0, 1].

        See `mmgen_plugin_vae.importance.estimate`.
        """
        self.check_images(images)
        vector = self.vector(self.semantic_condition(conditions, len(images)))
        settings = ImportanceSampling(
            num_samples=num_samples,
            refine_steps=refine_steps,
            seed=seed,
            rows=batch_size or 4 * self.default_batch_size(),
        )
        values = estimate(self, images, vector, settings, progress, checkpoint)
        return LogLikelihood(
            values=values,
            data_space=self.pixels.data_space,
            kind="importance-sampled bound",
            num_samples=num_samples,
            refine_steps=refine_steps,
        )

    def _in_batches(
        self,
        function: Callable[[Tensor, Tensor | None], Tensor],
        rows: Tensor,
        vector: Tensor | None,
    ) -> Tensor:
        """Apply a function to rows (N, …) and their vectors, a batch at a time."""
        if rows.ndim == 4:
            self.check_images(rows)
        size = self.default_batch_size()
        parts = [
            function(
                rows[start : start + size].to(self.device),
                None if vector is None else vector[start : start + size],
            )
            for start in range(0, len(rows), size)
        ]
        return torch.cat(parts)
