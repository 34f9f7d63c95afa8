"""The networks."""

import torch
from torch import Tensor, nn

from mmgen.interfaces import Condition, Conditioner, Generator, Noise
from mmgen.slots import Size, Slot
from mmgen.testing.tiny.plugin import TinyConfig, TinyGeneration


class TinyNet(Generator):
    """An autoencoder with four latent numbers."""

    config: TinyConfig
    generation = TinyGeneration
    uses_tokens = False
    latent_dim = 4

    def __init__(self, config: TinyConfig, *, conditioner: Conditioner | None = None) -> None:
        super().__init__(config, conditioner=conditioner)
        pixels = config.channels * config.height * config.width
        given = self.conditioner.width if self.conditioner.slot_names else 0
        self.encoder = nn.Linear(pixels, self.latent_dim)
        self.hidden = nn.Linear(self.latent_dim + given, config.hidden)
        self.decoder = nn.Linear(config.hidden, pixels)

    @property
    def size(self) -> Size:
        """The one size that the config names."""
        config = self.config
        return Size(channels=config.channels, height=config.height, width=config.width)

    def forward(self, latents: Tensor, condition: Condition) -> Tensor:
        """Return pictures (N, C, H, W) in [0, 1] for latents (N, 4)."""
        given = [condition.pooled] if self.conditioner.slot_names else []
        hidden = torch.tanh(self.hidden(torch.cat([latents, *given], dim=1)))
        size = self.size
        return torch.sigmoid(self.decoder(hidden)).view(-1, size.channels, size.height, size.width)

    def sample(self, condition: Condition, rng: Noise, options: TinyGeneration) -> Tensor:
        """Decode latents drawn from the prior."""
        latents = rng.normal((self.latent_dim,), stream="latent") * options.temperature
        pictures = self.forward(latents, condition)
        if options.output == "mean":
            return pictures
        return (rng.uniform(pictures.shape[1:], stream="pixels") < pictures).to(pictures.dtype)


class TinyInpainter(TinyNet):
    """Paints where the mask is 1 and keeps the rest."""

    spatial_slots = (Slot(name="image", modality="image"), Slot(name="mask", modality="mask"))

    def sample(self, condition: Condition, rng: Noise, options: TinyGeneration) -> Tensor:
        """Paint into the image, where there is one."""
        painted = super().sample(condition, rng, options)
        image = condition.spatial.get("image")
        if image is None:
            return painted
        mask = condition.spatial.get("mask", torch.ones_like(painted[:, :1]))
        return torch.where(mask > 0, painted, image)
