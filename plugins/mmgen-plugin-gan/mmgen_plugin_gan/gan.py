"""What all GANs of this family do with their latents."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from mmgen.errors import InputError, UnknownNameError
from mmgen.interfaces import Condition, Conditioner, CounterNoise, Generator, Noise
from mmgen.nn import draw_latents, spherical
from mmgen.slots import Size, Slot
from mmgen_plugin_gan.config import GanConfig, GanGeneration
from mmgen_plugin_gan.inversion import Search, find_latents


class Gan(Generator):
    """The generator of Goodfellow et al. 2014: latents from N(0, I) to pictures.

    The discriminator belongs to the training, and is not saved with the model.
    """

    config: GanConfig
    generation = GanGeneration
    uses_tokens = False
    spatial_slots = (Slot(name="image", modality="image"), Slot(name="mask", modality="mask"))

    def __init__(self, config: GanConfig, *, conditioner: Conditioner | None = None) -> None:
        super().__init__(config, conditioner=conditioner)
        self.latent_dim = config.latent_dim

    @property
    def size(self) -> Size:
        """The one size of picture that the config names."""
        config = self.config
        return Size(channels=config.channels, height=config.height, width=config.width)

    @abstractmethod
    def forward(self, latents: Tensor, vector: Tensor | None) -> Tensor:
        """Return pictures (N, C, H, W) in [-1, 1].

        Args:
            latents: (N, latent_dim).
            vector: the condition's (N, D), or None where the model has no semantic slot.
        """

    def vector(self, condition: Condition) -> Tensor | None:
        """Return the condition as one vector (N, D); None where there is no semantic slot."""
        return condition.pooled if self.condition_width else None

    def render(self, latents: Tensor, vector: Tensor | None) -> Tensor:
        """Return pictures (N, C, H, W) in [0, 1]."""
        return (self(latents.to(self.dtype), vector) + 1) / 2

    def sample(self, condition: Condition, rng: Noise, options: GanGeneration) -> Tensor:
        """Draw latents and render them; with an image and a mask, paint where the mask is 1."""
        vector = self.vector(condition)
        if "mask" not in condition.spatial:
            return self.render(draw_latents(rng, self.latent_dim, options.truncation), vector)
        image, mask = condition.spatial["image"], condition.spatial["mask"]
        search = Search(steps=options.search_steps, starts=options.search_starts)
        latents = find_latents(self, image, 1 - mask, vector, rng, search)
        return torch.where(mask > 0.5, self.render(latents, vector).float(), image)

    def check_conditions(self, conditions: Mapping[str, Any]) -> None:
        """Demand image and mask together."""
        super().check_conditions(conditions)
        if "image" in conditions and "mask" not in conditions:
            raise InputError("'image' is a picture to paint in; give 'mask' (1 = paint) with it")

    @torch.inference_mode()
    def encode(
        self,
        images: Tensor,
        *,
        space: str = "z",
        steps: int = 300,
        starts: int = 4,
        seed: int = 0,
        **conditions: Any,
    ) -> Tensor:
        """Return the latents (N, latent_dim) whose pictures are nearest, by search.

        Args:
            images: (N, C, H, W) in [0, 1].
            steps, starts: of the search for each picture.
            seed: of the starts, which are the same for every picture.

        Raises:
            UnknownNameError: a space other than "z".
        """
        if space != "z":
            raise UnknownNameError(f"unknown latent space {space!r}; {self.title} has 'z'")
        vector = self.vector(self.semantic_condition(conditions, len(images)))
        # The same starts for all: what is found depends on the picture alone.
        rng = CounterNoise(seed, [0] * len(images), self.device)
        known = torch.ones_like(images[:, :1])
        search = Search(steps=steps, starts=starts)
        images, known = images.to(self.device), known.to(self.device)
        return find_latents(self, images, known, vector, rng, search)

    @torch.inference_mode()
    def decode(self, latents: Tensor, **conditions: Any) -> Tensor:
        """Return the pictures (N, C, H, W) in [0, 1] of latents (N, latent_dim)."""
        if latents.ndim != 2 or latents.shape[1] != self.latent_dim:
            raise InputError(
                f"latents must be (N, {self.latent_dim}) for {self.title}; "
                f"got {tuple(latents.shape)}"
            )
        vector = self.vector(self.semantic_condition(conditions, len(latents)))
        return self.render(latents.to(self.device), vector).float()

    def reconstruct(self, images: Tensor, **conditions: Any) -> Tensor:
        """Return the nearest pictures (N, C, H, W) in [0, 1] that a search finds."""
        return self.decode(self.encode(images, **conditions), **conditions)

    def interpolate(self, a: Tensor, b: Tensor, steps: int, **conditions: Any) -> Tensor:
        """Return pictures (steps, C, H, W) in [0, 1] from near a to near b, each (C, H, W).

        The latents turn from one's to the other's on a sphere. Conditions are one for all
        pictures or one for each step: the first is a's, the last b's.
        """
        conditions, of_ends = self.read_way(conditions, steps)
        ends = self.encode(torch.stack([a, b]), **of_ends)
        shares = torch.linspace(0, 1, steps, device=ends.device)
        return self.decode(spherical(ends[0], ends[1], shares), **conditions)
