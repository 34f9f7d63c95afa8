"""The hierarchical VAE: a ladder of latents, inferred and generated from the top down."""

from collections.abc import Sequence
from itertools import pairwise
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgen.interfaces import Conditioner
from mmgen.nn import Downsample, RelativeGaussian, Upsample
from mmgen_plugin_vae.autoencoder import Autoencoder
from mmgen_plugin_vae.config import HierarchicalVaeConfig
from mmgen_plugin_vae.ladder import LatentLayer, TopDown
from mmgen_plugin_vae.towers import map_sizes, residual_stack


class HierarchicalVae(Autoencoder):
    """Sønderby et al. 2016, with the lessons of IAF-ResNets, NVAE and very deep VAEs.

    A deterministic way up collects evidence from the picture at every size; the way down draws
    one latent layer after the other, each given all those above. Prior and posterior share the
    way down. Blocks are residual, without normalisation, and start close to the identity.
    """

    config: HierarchicalVaeConfig

    def __init__(
        self, config: HierarchicalVaeConfig, *, conditioner: Conditioner | None = None
    ) -> None:
        super().__init__(config, conditioner=conditioner)
        levels = [
            Level(config, index, condition_width=self.condition_width)
            for index in range(len(config.widths))
        ]
        patch = config.patch
        self.stem = nn.Conv2d(config.channels * patch**2, config.widths[0], 3, padding=1)
        self.levels = cast(Sequence[Level], nn.ModuleList(levels))
        self.downs = nn.ModuleList([Downsample(a, b) for a, b in pairwise(config.widths)])
        self.ups = nn.ModuleList([Upsample(b, a) for a, b in pairwise(config.widths)])
        coarse = (-(-config.height // patch), -(-config.width // patch))
        self.sizes = map_sizes(*coarse, len(config.widths))
        self.top: DenseTop | None = None
        if config.dense_latents:
            self.top = DenseTop(config, self.sizes[-1], condition_width=self.condition_width)
        else:
            self.start = nn.Parameter(
                nn.init.normal_(torch.empty(1, config.widths[-1], *self.sizes[-1]), std=0.1)
            )
        outputs = self.pixels.num_parameters * patch**2
        self.head = nn.Conv2d(config.widths[0], outputs, 3, padding=1)

    @property
    def latent_shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shape of each latent layer from the top."""
        config = self.config
        shapes: list[tuple[int, ...]] = [(config.dense_dim, 1, 1)] * config.dense_latents
        for index in reversed(range(len(config.widths))):
            shape = (config.latent_channels[index], *self.sizes[index])
            shapes += [shape] * config.latents[index]
        return tuple(shapes)

    def bottom_up(self, images: Tensor, vector: Tensor | None) -> tuple[Tensor, ...]:
        """Return the evidence for each latent layer from the top, each (N, width, h, w)."""
        features = self.stem(to_patches(images, self.config.patch))
        collected: list[Tensor] = []  # from the finest layer to the top
        for index, level in enumerate(self.levels):
            if index:
                features = self.downs[index - 1](F.silu(features))
            features, evidence = level.rise(features, vector)
            collected += evidence
        if self.top is not None:
            collected += self.top.rise(features, vector)
        return tuple(reversed(collected))

    def top_down(
        self,
        vector: Tensor | None,
        noise: tuple[Tensor, ...],
        evidence: tuple[Tensor | None, ...] | None = None,
    ) -> TopDown:
        """Go from the top latent to the picture's likelihood; see `Autoencoder.top_down`."""
        walk = Walk(noise, evidence)
        if self.top is not None:
            features = self.top.descend(walk, vector)
        else:
            features = self.start.expand(walk.num_rows, -1, -1, -1)
        for index in reversed(range(len(self.sizes))):
            features = self.levels[index].descend(features, walk, vector)
            if index:
                features = self.ups[index - 1](features, self.sizes[index - 1])
        parameters = F.pixel_shuffle(self.head(F.silu(features)), self.config.patch)
        return walk.finish(parameters[..., : self.config.height, : self.config.width])


def to_patches(images: Tensor, patch: int) -> Tensor:
    """Return (N, C · patch², h, w) of (N, C, H, W); sides are padded to multiples of the patch."""
    height, width = images.shape[-2:]
    padded = F.pad(images, (0, -width % patch, 0, -height % patch))
    return F.pixel_unshuffle(padded, patch)


class Walk:
    """A way down under way: which layer comes next, and what was drawn so far."""

    def __init__(
        self, noise: tuple[Tensor, ...], evidence: tuple[Tensor | None, ...] | None
    ) -> None:
        self._noise = noise
        self._evidence = evidence
        self._whitened: list[Tensor] = []
        self._posteriors: list[RelativeGaussian] = []

    @property
    def num_rows(self) -> int:
        """N."""
        return len(self._noise[0])

    def draw(self, layer: LatentLayer, features: Tensor) -> Tensor:
        """Draw the next latent and join it to the features."""
        index = len(self._whitened)
        evidence = None if self._evidence is None else self._evidence[index]
        features, whitened, posterior = layer(features, self._noise[index], evidence)
        self._whitened.append(whitened)
        if posterior is not None:
            self._posteriors.append(posterior)
        return features

    def finish(self, parameters: Tensor) -> TopDown:
        """Return what the whole way gave."""
        return TopDown(parameters, tuple(self._posteriors), tuple(self._whitened))


class Level(nn.Module):
    """All that happens at one size of the feature maps, on the way up and on the way down.

    On the way down there are `blocks` residual blocks per latent layer, or `blocks` in all where
    the size has none. On the way up there are as many, or `rising_blocks`; evidence is collected
    at even distances.
    """

    def __init__(self, config: HierarchicalVaeConfig, index: int, *, condition_width: int) -> None:
        super().__init__()
        width = config.widths[index]
        latents = config.latents[index]
        self.blocks = config.blocks
        layers = [
            LatentLayer(
                width,
                config.latent_channels[index],
                kernel=3,
                prior_kernel=config.prior_kernel,
            )
            for _ in range(latents)
        ]
        self.layers = cast(Sequence[LatentLayer], nn.ModuleList(layers))
        falling = max(1, latents) * config.blocks
        self.rising, self.falling = (
            residual_stack(width, count, dropout=config.dropout, condition_width=condition_width)
            for count in (config.rising_blocks or falling, falling)
        )

    def rise(self, features: Tensor, vector: Tensor | None) -> tuple[Tensor, list[Tensor]]:
        """Return the features at the end of this size and the evidence, finest layer first."""
        evidence: list[Tensor] = []
        for passed, block in enumerate(self.rising, start=1):
            features = block(features, vector)
            while len(evidence) < passed * len(self.layers) // len(self.rising):
                # The first to be collected belongs to the last to be drawn.
                layer = self.layers[len(self.layers) - 1 - len(evidence)]
                evidence.append(layer.collect(features))
        return features, evidence

    def descend(self, features: Tensor, walk: Walk, vector: Tensor | None) -> Tensor:
        """Return the features (N, width, h, w) once the latents of this size have joined."""
        for index, block in enumerate(self.falling):
            if self.layers and index % self.blocks == 0:
                features = walk.draw(self.layers[index // self.blocks], features)
            features = block(features, vector)
        return features


class DenseTop(nn.Module):
    """Latent vectors above the maps, as 1 × 1 maps."""

    def __init__(
        self, config: HierarchicalVaeConfig, size: tuple[int, int], *, condition_width: int
    ) -> None:
        super().__init__()
        self.map_shape = (config.widths[-1], *size)
        elements = config.widths[-1] * size[0] * size[1]
        width, count = config.dense_width, config.dense_latents
        self.enter = nn.Linear(elements, width)
        self.leave = nn.Linear(width, elements)
        self.start = nn.Parameter(nn.init.normal_(torch.empty(1, width, 1, 1), std=0.1))
        layers = [
            LatentLayer(width, config.dense_dim, kernel=1, prior_kernel=1) for _ in range(count)
        ]
        self.layers = cast(Sequence[LatentLayer], nn.ModuleList(layers))
        # One more on the way down: the condition reaches the prior of the first latent.
        self.rising, self.falling = (
            residual_stack(
                width, number, dropout=config.dropout, condition_width=condition_width, kernel=1
            )
            for number in (count, count + 1)
        )

    def rise(self, features: Tensor, vector: Tensor | None) -> list[Tensor]:
        """Return the evidence for the vectors, the last to be drawn first."""
        features = self.enter(F.silu(features).flatten(1))[:, :, None, None]
        evidence = []
        for index, block in enumerate(self.rising):
            features = block(features, vector)
            evidence.append(self.layers[len(self.layers) - 1 - index].collect(features))
        return evidence

    def descend(self, walk: Walk, vector: Tensor | None) -> Tensor:
        """Draw the vectors; return the coarsest map (N, width, h, w)."""
        features = self.start.expand(walk.num_rows, -1, -1, -1)
        features = self.falling[0](features, vector)
        for layer, block in zip(self.layers, self.falling[1:], strict=True):
            features = block(walk.draw(layer, features), vector)
        maps = self.leave(F.silu(features).flatten(1))
        return maps.view(-1, *self.map_shape).contiguous(memory_format=torch.channels_last)
