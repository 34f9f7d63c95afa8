"""Diffusion of pixels, for small pictures."""

from typing import Self

from torch import Tensor

from mmgen.interfaces import Conditioner
from mmgen_plugin_diffusion.config import PixelDiffusionConfig
from mmgen_plugin_diffusion.diffusion import Diffusion
from mmgen_plugin_diffusion.transformer import DiffusionTransformer
from mmgen_plugin_diffusion.unet import UNet


class PixelDiffusion(Diffusion):
    """What is noisy are the pixels themselves, in [-1, 1]."""

    config: PixelDiffusionConfig

    def __init__(
        self, config: PixelDiffusionConfig, *, conditioner: Conditioner | None = None
    ) -> None:
        super().__init__(config, conditioner=conditioner)
        channels, hints, told = config.channels, self.num_hints, self.condition_width
        if config.network == "unet":
            self.denoiser = UNet(config, channels=channels, hints=hints, told=told)
            return
        sides = (config.height, config.width)
        self.denoiser = DiffusionTransformer(
            config, channels=channels, hints=hints, sides=sides, told=told
        )

    def _another(self, config: PixelDiffusionConfig) -> Self:
        return type(self)(config, conditioner=self.conditioner)

    @property
    def noisy_shape(self) -> tuple[int, int, int]:
        """That of the pictures."""
        return self.config.channels, self.config.height, self.config.width

    def to_data(self, images: Tensor) -> Tensor:
        """Return images (N, C, H, W) in [0, 1] as [-1, 1]."""
        return 2 * images.float() - 1

    def to_images(self, data: Tensor) -> Tensor:
        """Return images (N, C, H, W) in [0, 1]; what lies beyond is clipped."""
        return ((data + 1) / 2).clamp(0, 1)
