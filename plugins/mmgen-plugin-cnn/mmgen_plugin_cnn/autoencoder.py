"""The autoencoder: convolutions down to a small map of latents, transposed ones up again."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgen.errors import InputError, UnknownNameError
from mmgen.interfaces import Condition, Conditioner, Generator, Noise
from mmgen.nn import DoublingConv, ResidualConv
from mmgen.options import Options
from mmgen.slots import Size, Slot
from mmgen_plugin_cnn.config import AutoencoderConfig


class ConvAutoencoder(Generator):
    """Hinton and Salakhutdinov 2006, with the convolutions of Radford et al. 2016.

    The picture given comes back through the latents; trained on pairs, another picture does.
    """

    config: AutoencoderConfig
    spatial_slots = (Slot(name="image", modality="image", required=True),)
    uses_tokens = False

    def __init__(
        self, config: AutoencoderConfig, *, conditioner: Conditioner | None = None
    ) -> None:
        super().__init__(config, conditioner=conditioner)
        widths = config.widths
        before = (config.channels, *widths[:-1])
        self.downs = nn.ModuleList([halve(a, b) for a, b in zip(before, widths, strict=True)])
        self.ups = nn.ModuleList([DoublingConv(b, a) for a, b in zip(before, widths, strict=True)])
        self.rising, self.falling = (
            nn.ModuleList([_blocks(config, width, self.condition_width) for width in widths])
            for _ in ("down", "up")
        )
        self.enter = nn.Conv2d(widths[-1], config.latent_channels, 1)
        self.leave = nn.Conv2d(config.latent_channels, widths[-1], 1)

    @property
    def size(self) -> Size:
        """Any multiple of the factor by which the latents are smaller."""
        config = self.config
        return Size(
            channels=config.channels,
            height=config.height,
            width=config.width,
            multiple_of=config.factor,
        )

    def vector(self, condition: Condition) -> Tensor | None:
        """Return the condition as one vector (N, D); None where there is no semantic slot."""
        return condition.pooled if self.condition_width else None

    def to_latents(self, images: Tensor, vector: Tensor | None) -> Tensor:
        """Return (N, K, h, w) of images (N, C, H, W) in [0, 1]."""
        features = (2 * images - 1).to(self.dtype, memory_format=torch.channels_last)
        for index, (down, blocks) in enumerate(zip(self.downs, self.rising, strict=True)):
            features = down(F.silu(features) if index else features)
            for block in _each(blocks):
                features = block(features, vector)
        return self.enter(F.silu(features))

    def from_latents(self, latents: Tensor, vector: Tensor | None) -> Tensor:
        """Return pixels (N, C, H, W), about [0, 1], of latents (N, K, h, w)."""
        features = self.leave(latents)
        pairs = zip(self.ups, self.falling, strict=True)
        for up, blocks in reversed(list(pairs)):
            for block in _each(blocks):
                features = block(features, vector)
            features = up(F.silu(features))
        return (features + 1) / 2

    def forward(self, images: Tensor, vector: Tensor | None = None) -> Tensor:
        """Go down and up again."""
        return self.from_latents(self.to_latents(images, vector), vector)

    def sample(self, condition: Condition, rng: Noise, options: Options) -> Tensor:  # noqa: ARG002
        """Return what becomes of the picture given; nothing is drawn."""
        return self(condition.spatial["image"], self.vector(condition)).clamp(0, 1)

    @torch.inference_mode()
    def encode(self, images: Tensor, *, space: str = "z", **conditions: object) -> Tensor:
        """Return the latents (N, K, h, w) of images (N, C, H, W) in [0, 1].

        Raises:
            UnknownNameError: a space other than "z".
        """
        if space != "z":
            raise UnknownNameError(f"unknown latent space {space!r}; {self.title} has 'z'")
        return self.to_latents(images.to(self.device), self._vector_of(conditions, len(images)))

    @torch.inference_mode()
    def decode(self, latents: Tensor, **conditions: object) -> Tensor:
        """Return images (N, C, H, W) in [0, 1] of latents (N, K, h, w)."""
        if latents.ndim != 4 or latents.shape[1] != self.config.latent_channels:
            raise InputError(
                f"latents of {self.title} are (N, {self.config.latent_channels}, h, w); got "
                f"{tuple(latents.shape)}"
            )
        latents = latents.to(self.device, self.dtype)
        return self.from_latents(latents, self._vector_of(conditions, len(latents))).clamp(0, 1)

    @torch.inference_mode()
    def reconstruct(self, images: Tensor, **conditions: object) -> Tensor:
        """Return images (N, C, H, W) in [0, 1], through the latents."""
        return self(images.to(self.device), self._vector_of(conditions, len(images))).clamp(0, 1)

    def _vector_of(self, conditions: dict[str, object], num_images: int) -> Tensor | None:
        return self.vector(self.semantic_condition(conditions, num_images))


def halve(width: int, out_width: int) -> nn.Conv2d:
    """Return a convolution that halves height and width."""
    return nn.Conv2d(width, out_width, 4, stride=2, padding=1)


def _blocks(config: AutoencoderConfig, width: int, condition_width: int) -> nn.ModuleList:
    return nn.ModuleList(
        [
            ResidualConv(width, dropout=config.dropout, condition_width=condition_width)
            for _ in range(config.blocks)
        ]
    )


def _each(blocks: nn.Module) -> nn.ModuleList:
    assert isinstance(blocks, nn.ModuleList)
    return blocks
