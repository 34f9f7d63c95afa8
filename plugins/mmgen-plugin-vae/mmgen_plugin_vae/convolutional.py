"""The convolutional VAE: residual towers around one latent vector."""

import torch.nn.functional as F
from torch import Tensor, nn

from mmgen.interfaces import Conditioner
from mmgen_plugin_vae.autoencoder import Autoencoder
from mmgen_plugin_vae.config import ConvVaeConfig
from mmgen_plugin_vae.ladder import TopDown, draw_whitened
from mmgen_plugin_vae.towers import Enlarger, Shrinker, map_sizes


class ConvVae(Autoencoder):
    """Kingma and Welling 2013, with residual convolutions; any size of picture."""

    config: ConvVaeConfig

    def __init__(self, config: ConvVaeConfig, *, conditioner: Conditioner | None = None) -> None:
        super().__init__(config, conditioner=conditioner)
        sizes = map_sizes(config.height, config.width, len(config.widths))
        self.map_shape = (config.widths[-1], *sizes[-1])
        elements = config.widths[-1] * sizes[-1][0] * sizes[-1][1]
        self.encoder = Shrinker(
            config.channels,
            config.widths,
            blocks=config.blocks,
            dropout=config.dropout,
            condition_width=self.condition_width,
        )
        self.statistics = nn.Linear(elements, 2 * config.latent_dim)
        self.enter = nn.Linear(config.latent_dim, elements)
        self.decoder = Enlarger(
            self.pixels.num_parameters,
            config.widths,
            sizes,
            blocks=config.blocks,
            dropout=config.dropout,
            condition_width=self.condition_width,
        )

    @property
    def latent_shapes(self) -> tuple[tuple[int, ...], ...]:
        """One vector."""
        return ((self.config.latent_dim,),)

    def bottom_up(self, images: Tensor, vector: Tensor | None) -> tuple[Tensor, ...]:
        """Return the posterior's statistics (N, 2 · latent_dim)."""
        return (self.statistics(F.silu(self.encoder(images, vector)).flatten(1)),)

    def top_down(
        self,
        vector: Tensor | None,
        noise: tuple[Tensor, ...],
        evidence: tuple[Tensor | None, ...] | None = None,
    ) -> TopDown:
        """Go from the latent to the picture's likelihood; see `Autoencoder.top_down`."""
        statistics = None if evidence is None else evidence[0]
        whitened, posterior = draw_whitened(noise[0], statistics)
        features = self.enter(whitened.to(self.enter.weight.dtype)).view(-1, *self.map_shape)
        parameters = self.decoder(features, vector)
        return TopDown(parameters, () if posterior is None else (posterior,), (whitened,))
