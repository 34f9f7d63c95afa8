"""Diffusion of an autoencoder's latents."""

from dataclasses import replace
from typing import Self

from torch import Tensor

from mmgen.errors import OptionError
from mmgen.interfaces import Conditioner, Model
from mmgen.pretrained import build
from mmgen_plugin_diffusion.autoencoder import ImageAutoencoder
from mmgen_plugin_diffusion.config import LatentDiffusionConfig
from mmgen_plugin_diffusion.diffusion import Diffusion
from mmgen_plugin_diffusion.transformer import DiffusionTransformer


class LatentDiffusion(Diffusion):
    """Rombach et al. 2022 with the transformer of Peebles and Xie 2023.

    Args:
        autoencoder: its part, an `image-autoencoder`, whose settings are then those of the config;
            None for a new one.

    Raises:
        OptionError: the autoencoder's pictures or latents do not fit the config.
    """

    config: LatentDiffusionConfig

    def __init__(
        self,
        config: LatentDiffusionConfig,
        *,
        conditioner: Conditioner | None = None,
        autoencoder: Model | None = None,
    ) -> None:
        if autoencoder is None:
            autoencoder = build("image-autoencoder", config.autoencoder)
        part = fitting(autoencoder, config)
        config = replace(
            config,
            autoencoder_widths=part.config.widths,
            autoencoder_blocks=part.config.blocks,
            kl=part.config.kl,
        )
        super().__init__(config, conditioner=conditioner)
        self.autoencoder = part
        channels, *sides = self.noisy_shape
        self.denoiser = DiffusionTransformer(
            config,
            channels=channels,
            hints=self.num_hints,
            sides=(sides[0], sides[1]),
            told=self.condition_width,
        )

    def _another(self, config: LatentDiffusionConfig) -> Self:
        return type(self)(config, conditioner=self.conditioner, autoencoder=self.autoencoder)

    @property
    def noisy_shape(self) -> tuple[int, int, int]:
        """That of the latents."""
        return self.autoencoder.latent_shape

    def to_data(self, images: Tensor) -> Tensor:
        """Return the normalised latents of images (N, C, H, W) in [0, 1]."""
        return self.autoencoder.to_latents(images)

    def to_images(self, data: Tensor) -> Tensor:
        """Return the images (N, C, H, W) in [0, 1] of normalised latents."""
        return self.autoencoder.to_pixels(data)


def fitting(part: Model, config: LatentDiffusionConfig) -> ImageAutoencoder:
    """Return an autoencoder that the config is for.

    Raises:
        OptionError: it is none, is told conditions, or makes other pictures or latents.
    """
    if not isinstance(part, ImageAutoencoder):
        name = part.identity.architecture or type(part).__name__
        raise OptionError(f"the part 'autoencoder' must be an image-autoencoder; got {name!r}")
    if part.conditioner.slot_names:
        raise OptionError(
            "the part 'autoencoder' must make its pictures without conditions; this one takes "
            f"{', '.join(part.conditioner.slot_names)}"
        )
    size = (config.channels, config.height, config.width)
    found = (part.size.channels, part.size.height, part.size.width)
    if found != size:
        raise OptionError(
            f"the part 'autoencoder' is for pictures of {found} (channels, height, width); the "
            f"denoiser is for {size}: set data.size and data.channels, or take another part"
        )
    wanted = (config.latent_channels, *config.autoencoder.sides)
    if part.latent_shape != wanted:
        widths = ", ".join(map(str, part.config.widths))
        raise OptionError(
            f"the part 'autoencoder' has latents of {part.latent_shape} (channels, height, width), "
            f"the denoiser is for {wanted}: set latent_channels = {part.config.latent_channels} "
            f"and autoencoder_widths = [{widths}]"
        )
    return part
