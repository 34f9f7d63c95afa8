"""The autoencoder: convolutions down to a small map of latents, and up again."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgen.errors import InputError, UnknownNameError
from mmgen.interfaces import Condition, Conditioner, Generator, Noise
from mmgen.nn import DoublingConv, RelativeGaussian, ResidualConv
from mmgen.nn.gaussian import soft_clamp
from mmgen.options import Options
from mmgen.slots import Size, Slot
from mmgen_plugin_diffusion.config import ImageAutoencoderConfig

_MOMENTUM = 0.03
_SMALLEST_STD = 1e-3


class ImageAutoencoder(Generator):
    """The first stage of Rombach et al. 2022: pictures to a spatial map of latents and back.

    Nothing bounds the pixels at the end: of a tanh, black and white would have no gradient. What
    `encode` returns is measured: each channel has mean 0 and variance 1 over the data.

    Attributes:
        mean, variance: float32 (K,), of the latents' channels; running ones, as in batch
            normalisation (Leng et al. 2025, section 3.4). They play no part in reconstruction.
        updates: int64, how often those were measured; 0 says that nothing was learned yet.
    """

    config: ImageAutoencoderConfig
    spatial_slots = (Slot(name="image", modality="image", required=True),)
    uses_tokens = False
    averaged_buffers = ("mean", "variance")
    mean: Tensor
    variance: Tensor
    updates: Tensor

    def __init__(
        self, config: ImageAutoencoderConfig, *, conditioner: Conditioner | None = None
    ) -> None:
        super().__init__(config, conditioner=conditioner)
        widths, told = config.widths, self.condition_width
        before = (config.channels, *widths[:-1])
        self.downs = nn.ModuleList(
            [nn.Conv2d(a, b, 4, stride=2, padding=1) for a, b in zip(before, widths, strict=True)]
        )
        self.ups = nn.ModuleList([DoublingConv(b, a) for a, b in zip(before, widths, strict=True)])
        self.rising, self.falling = (
            nn.ModuleList(
                [
                    nn.ModuleList([ResidualConv(width, condition_width=told) for _ in range(count)])
                    for width, count in zip(widths, config.blocks_of, strict=True)
                ]
            )
            for _ in ("down", "up")
        )
        latents = config.latent_channels
        self.enter = nn.Conv2d(widths[-1], latents * (2 if config.kl else 1), 1)
        self.leave = nn.Conv2d(latents, widths[-1], 1)
        self.register_buffer("mean", torch.zeros(latents))
        self.register_buffer("variance", torch.ones(latents))
        self.register_buffer("updates", torch.zeros((), dtype=torch.int64))

    @property
    def size(self) -> Size:
        """The one size of picture that the config names."""
        config = self.config
        return Size(channels=config.channels, height=config.height, width=config.width)

    @property
    def latent_shape(self) -> tuple[int, int, int]:
        """K, h and w of a picture's latents."""
        return (self.config.latent_channels, *self.config.sides)

    @property
    def learned(self) -> bool:
        """Whether it was trained."""
        return bool(self.updates > 0)

    def vector(self, condition: Condition) -> Tensor | None:
        """Return the condition as one vector (N, D); None where there is no semantic slot."""
        return condition.pooled if self.condition_width else None

    def posterior(self, images: Tensor, noise: Tensor, vector: Tensor | None) -> RelativeGaussian:
        """Return the distribution of the latents (N, K, h, w), before they are normalised.

        Args:
            images: (N, C, H, W) in [0, 1].
            noise: (N, K, h, w); where the config has no `kl` it plays no part.
        """
        features = (2 * images - 1).to(self.dtype, memory_format=torch.channels_last)
        for index, (down, blocks) in enumerate(zip(self.downs, self.rising, strict=True)):
            features = down(F.silu(features) if index else features)
            for block in _each(blocks):
                features = block(features, vector)
        features = self.enter(F.silu(features))
        if not self.config.kl:
            zeros = torch.zeros_like(features)
            return RelativeGaussian(features, zeros, zeros)
        mean, log_scale = features.chunk(2, dim=1)
        return RelativeGaussian(mean, soft_clamp(log_scale), noise.to(mean))

    def from_latents(self, latents: Tensor, vector: Tensor | None) -> Tensor:
        """Return pixels (N, C, H, W), about [0, 1], of latents before they are normalised."""
        features = self.leave(latents.to(self.dtype, memory_format=torch.channels_last))
        for up, blocks in reversed(list(zip(self.ups, self.falling, strict=True))):
            for block in _each(blocks):
                features = block(features, vector)
            features = up(F.silu(features))
        return (features + 1) / 2

    def forward(
        self, images: Tensor, noise: Tensor, vector: Tensor | None = None
    ) -> tuple[Tensor, RelativeGaussian]:
        """Return pixels (N, C, H, W), about [0, 1], and the distribution of the latents."""
        posterior = self.posterior(images, noise, vector)
        return self.from_latents(posterior.whitened, vector), posterior

    @torch.no_grad()
    def measure(self, latents: Tensor) -> None:
        """Take latents (N, K, h, w), not normalised, into the running mean and variance."""
        latents = latents.float()
        share = (1 / (self.updates + 1.0)).clamp(min=_MOMENTUM)
        variance, mean = torch.var_mean(latents, dim=(0, 2, 3), correction=0)
        moved = mean - self.mean
        # Of a mixture of the old share and the new one.
        self.variance.lerp_(variance, share).add_(share * (1 - share) * moved.square())
        self.mean.lerp_(mean, share)
        self.updates.add_(1)

    @property
    def scale(self) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of the channels, each (K, 1, 1)."""
        std = self.variance.float().sqrt().clamp(min=_SMALLEST_STD)
        return self.mean.float()[:, None, None], std[:, None, None]

    def to_latents(self, images: Tensor, vector: Tensor | None = None) -> Tensor:
        """Return normalised latents, float32 (N, K, h, w), of images (N, C, H, W) in [0, 1]."""
        mean, std = self.scale
        noise = torch.zeros(self.latent_shape, device=images.device)
        return (self.posterior(images, noise, vector).shift.float() - mean) / std

    def to_pixels(self, latents: Tensor, vector: Tensor | None = None) -> Tensor:
        """Return images (N, C, H, W) in [0, 1] of normalised latents (N, K, h, w)."""
        mean, std = self.scale
        return self.from_latents(latents.float() * std + mean, vector).float().clamp(0, 1)

    def sample(self, condition: Condition, rng: Noise, options: Options) -> Tensor:  # noqa: ARG002
        """Return the picture given as it comes back; nothing is drawn."""
        vector = self.vector(condition)
        return self.to_pixels(self.to_latents(condition.spatial["image"], vector), vector)

    @torch.inference_mode()
    def encode(self, images: Tensor, *, space: str = "z", **conditions: Any) -> Tensor:
        """Return the normalised latents, float32 (N, K, h, w), of images in [0, 1].

        Raises:
            UnknownNameError: a space other than "z".
        """
        if space != "z":
            raise UnknownNameError(f"unknown latent space {space!r}; {self.title} has 'z'")
        self.check_images(images)
        return self.to_latents(images.to(self.device), self._vector_of(conditions, len(images)))

    @torch.inference_mode()
    def decode(self, latents: Tensor, **conditions: Any) -> Tensor:
        """Return images (N, C, H, W) in [0, 1] of normalised latents (N, K, h, w)."""
        if latents.ndim != 4 or tuple(latents.shape[1:]) != self.latent_shape:
            shape = ", ".join(map(str, self.latent_shape))
            raise InputError(
                f"latents of {self.title} are (N, {shape}); got {tuple(latents.shape)}"
            )
        vector = self._vector_of(conditions, len(latents))
        return self.to_pixels(latents.to(self.device), vector)

    @torch.inference_mode()
    def reconstruct(self, images: Tensor, **conditions: Any) -> Tensor:
        """Return images (N, C, H, W) in [0, 1], through the latents."""
        self.check_images(images)
        vector = self._vector_of(conditions, len(images))
        return self.to_pixels(self.to_latents(images.to(self.device), vector), vector)

    def _vector_of(self, conditions: dict[str, Any], num_images: int) -> Tensor | None:
        return self.vector(self.semantic_condition(conditions, num_images))


def _each(blocks: nn.Module) -> nn.ModuleList:
    assert isinstance(blocks, nn.ModuleList)
    return blocks
