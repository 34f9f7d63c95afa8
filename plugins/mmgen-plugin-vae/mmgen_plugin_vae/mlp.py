"""The plain VAE: multilayer perceptrons around one latent vector."""

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor, nn

from mmgen.interfaces import Conditioner
from mmgen.nn import Modulation, ResidualLinear, dropout
from mmgen_plugin_vae.autoencoder import Autoencoder
from mmgen_plugin_vae.config import MlpVaeConfig
from mmgen_plugin_vae.ladder import TopDown, draw_whitened


class MlpVae(Autoencoder):
    """Kingma and Welling 2013, appendix C, with the layers that one asks for."""

    config: MlpVaeConfig

    def __init__(self, config: MlpVaeConfig, *, conditioner: Conditioner | None = None) -> None:
        super().__init__(config, conditioner=conditioner)
        pixels = config.height * config.width
        decoder_dropout = (
            config.dropout if config.decoder_dropout is None else config.decoder_dropout
        )
        self.encoder = Perceptron(
            config, pixels * config.channels, config.dropout, self.condition_width
        )
        self.statistics = nn.Linear(config.hidden, 2 * config.latent_dim)
        self.decoder = Perceptron(config, config.latent_dim, decoder_dropout, self.condition_width)
        self.head = nn.Linear(config.hidden, pixels * self.pixels.num_parameters)

    @property
    def latent_shapes(self) -> tuple[tuple[int, ...], ...]:
        """One vector."""
        return ((self.config.latent_dim,),)

    def bottom_up(self, images: Tensor, vector: Tensor | None) -> tuple[Tensor, ...]:
        """Return the posterior's statistics (N, 2 · latent_dim)."""
        return (self.statistics(self.encoder(images.flatten(1), vector)),)

    def top_down(
        self,
        vector: Tensor | None,
        noise: tuple[Tensor, ...],
        evidence: tuple[Tensor | None, ...] | None = None,
    ) -> TopDown:
        """Go from the latent to the picture's likelihood; see `Autoencoder.top_down`."""
        statistics = None if evidence is None else evidence[0]
        whitened, posterior = draw_whitened(noise[0], statistics)
        hidden = self.decoder(whitened.to(self.head.weight.dtype), vector)
        shape = (self.pixels.num_parameters, self.config.height, self.config.width)
        parameters = self.head(hidden).view(-1, *shape)
        return TopDown(parameters, () if posterior is None else (posterior,), (whitened,))


class Perceptron(nn.Module):
    """`depth` hidden layers of `hidden` units: plain, gated or residual.

    Args:
        config: how deep and wide, and which layers.
        inputs: features in.
        dropout: probability inside the layers.
        condition_width: D of a vector that modulates every layer; 0 for none.
    """

    def __init__(
        self, config: MlpVaeConfig, inputs: int, dropout: float, condition_width: int
    ) -> None:
        super().__init__()
        is_residual = config.layers == "residual"
        hidden = config.hidden
        self.enter = nn.Linear(inputs, hidden) if is_residual else None
        sizes = [hidden if is_residual else inputs] + [hidden] * (config.depth - 1)
        layer = _LAYERS[config.layers]
        self.layers = nn.ModuleList(
            [layer(size, hidden, dropout, condition_width) for size in sizes]
        )

    def forward(self, features: Tensor, vector: Tensor | None) -> Tensor:
        """Map (N, inputs) to (N, hidden)."""
        if self.enter is not None:
            features = self.enter(features)
        for layer in self.layers:
            features = layer(features, vector)
        return F.silu(features) if self.enter is not None else features


class PlainLayer(nn.Module):
    """dropout(relu(linear(x)))."""

    def __init__(self, inputs: int, outputs: int, dropout: float, condition_width: int) -> None:
        super().__init__()
        self.dropout = dropout
        self.linear = nn.Linear(inputs, self.units(outputs))
        self.modulation = (
            Modulation(condition_width, self.units(outputs)) if condition_width else None
        )

    @staticmethod
    def units(outputs: int) -> int:
        """How many linear units the outputs are made of."""
        return outputs

    def activate(self, units: Tensor) -> Tensor:
        """Rectify."""
        return F.relu(units)

    def forward(self, features: Tensor, vector: Tensor | None) -> Tensor:
        """Map (N, inputs) to (N, outputs)."""
        units = self.linear(features)
        if self.modulation is not None and vector is not None:
            units = self.modulation(units, vector)
        return dropout(self.activate(units), self.dropout, self.training)


class GatedLayer(PlainLayer):
    """dropout(linear(x) · σ(linear(x))): Dauphin et al. 2017."""

    @staticmethod
    def units(outputs: int) -> int:
        """A value and a gate each."""
        return 2 * outputs

    def activate(self, units: Tensor) -> Tensor:
        """Gate."""
        return F.glu(units, dim=1)


def _residual(width: int, _: int, dropout: float, condition_width: int) -> ResidualLinear:
    return ResidualLinear(width, dropout=dropout, condition_width=condition_width)


_LAYERS: dict[str, Callable[[int, int, float, int], nn.Module]] = {
    "plain": PlainLayer,
    "gated": GatedLayer,
    "residual": _residual,
}
