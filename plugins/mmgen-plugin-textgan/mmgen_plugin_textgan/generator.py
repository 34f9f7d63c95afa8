"""The generator: from latents, a sentence and words to a picture."""

import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgen.interfaces import Condition, Conditioner, Generator, Noise
from mmgen.nn import DoublingConv, Modulation, RelativeGaussian, ResidualConv, draw_latents
from mmgen.nn.gaussian import soft_clamp
from mmgen.slots import Size
from mmgen_plugin_textgan.activation import rectify, start_rectified
from mmgen_plugin_textgan.attention import WordAttention
from mmgen_plugin_textgan.config import TextGanConfig, TextGanGeneration


class TextGan(Generator):
    """Reed et al. 2016, with the sentence of Zhang et al. 2017 and the words of Xu et al. 2018.

    Latents and the sentence give the coarsest map, and modulate every size; at some sizes each
    region looks at the words. What the words and the sentence stand for, it does not know: they are
    the tokens and the pooled vector of any condition.
    """

    config: TextGanConfig
    generation = TextGanGeneration

    def __init__(self, config: TextGanConfig, *, conditioner: Conditioner | None = None) -> None:
        super().__init__(config, conditioner=conditioner)
        self.conditioner.restrict(tokens=bool(config.attention), pooled=True)
        self.latent_dim = config.latent_dim
        told = self.condition_width
        self.sentence_dim = config.sentence_dim if told else 0
        self.augmentation = ConditioningAugmentation(told, self.sentence_dim) if told else None
        style = config.latent_dim + self.sentence_dim
        self.coarse = (*config.sides[0], config.widths[0])
        self.enter = nn.Linear(style, math.prod(self.coarse))
        self.maps = nn.ModuleList(
            [
                FeatureMap(config, at, style=style, words_width=told)
                for at in range(len(config.widths))
            ]
        )
        self.ups = nn.ModuleList(
            [DoublingConv(a, b) for a, b in pairwise((*config.widths, config.channels))]
        )
        for layer in (self.enter, *self.ups):
            start_rectified(layer)

    @property
    def size(self) -> Size:
        """The one size of picture that the config names."""
        config = self.config
        return Size(channels=config.channels, height=config.height, width=config.width)

    def sentence(self, condition: Condition, noise: Tensor) -> RelativeGaussian | None:
        """Return the distribution of the sentence and its draw (N, sentence_dim).

        Args:
            noise: standard normal, (N, sentence_dim).
        """
        return None if self.augmentation is None else self.augmentation(condition.pooled, noise)

    def forward(
        self,
        latents: Tensor,
        sentence: Tensor | None,
        condition: Condition,
        looks: list[Tensor] | None = None,
    ) -> Tensor:
        """Return pictures (N, C, H, W) that are to be in [-1, 1], and may go beyond.

        There is no tanh at the end: where all is black, as backgrounds are, it would pass on no
        gradient. What goes beyond the discriminator sees, and unlearns.

        Args:
            latents: (N, latent_dim).
            sentence: (N, sentence_dim), a draw; None where the model has no semantic slot.
            condition: gives the words.
            looks: as in `WordAttention`, of each size that looks at the words.
        """
        style = latents if sentence is None else torch.cat([latents, sentence], dim=1)
        features = self.enter(style).view(-1, *self.coarse).permute(0, 3, 1, 2)  # channels-last
        for feature_map, up in zip(self.maps, self.ups, strict=True):
            features = up(feature_map(features, style, condition, looks))
        return features

    def render(
        self,
        latents: Tensor,
        condition: Condition,
        noise: Tensor,
        looks: list[Tensor] | None = None,
    ) -> Tensor:
        """Return pictures (N, C, H, W) in [0, 1]; noise is the sentence's, (N, sentence_dim)."""
        drawn = self.sentence(condition, noise.to(self.dtype))
        sentence = None if drawn is None else drawn.whitened
        return ((self(latents.to(self.dtype), sentence, condition, looks) + 1) / 2).clamp(0, 1)

    def sample(self, condition: Condition, rng: Noise, options: TextGanGeneration) -> Tensor:
        """Draw latents and the sentence, and render them."""
        return self._draw(condition, rng, options, None)

    @torch.inference_mode()
    def attention_maps(
        self, condition: Condition, rng: Noise, options: TextGanGeneration
    ) -> Tensor:
        """Return how much each region looks at each word, float32 (N, L, h, w) on the CPU.

        Of the looks at words alone, as shares of 1; the mean over the sizes that look at words, at
        the largest of them.
        """
        looks: list[Tensor] = []
        self._draw(condition, rng, options, looks)
        if not looks:
            return torch.zeros(len(condition), 0, *self.coarse[:2])
        sides = max(look.shape[2:] for look in looks)
        maps = torch.stack([F.interpolate(look, tuple(sides)) for look in looks]).mean(dim=0)[:, 1:]
        return (maps / maps.sum(dim=1, keepdim=True)).cpu()

    def _draw(
        self,
        condition: Condition,
        rng: Noise,
        options: TextGanGeneration,
        looks: list[Tensor] | None,
    ) -> Tensor:
        latents = draw_latents(rng, self.latent_dim, options.truncation)
        noise = draw_latents(rng, self.sentence_dim, options.truncation, stream="sentence")
        return self.render(latents, condition, noise, looks)


class ConditioningAugmentation(nn.Module):
    """A Gaussian around a linear map of the pooled vector: Zhang et al. 2017, section 3.2.

    Sentences that are alike overlap, so that what lies between them is learned too. Its divergence
    from N(0, I) is that of equation 2.
    """

    def __init__(self, width: int, sentence_dim: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, 2 * sentence_dim)

    def forward(self, pooled: Tensor, noise: Tensor) -> RelativeGaussian:
        """Return the distribution for pooled (N, D), and the draw of noise (N, sentence_dim)."""
        mean, log_scale = self.linear(pooled).chunk(2, dim=1)
        return RelativeGaussian(mean, soft_clamp(log_scale), noise)


class FeatureMap(nn.Module):
    """What is done at one size: look at the words, residual blocks, modulate, activate."""

    def __init__(self, config: TextGanConfig, at: int, *, style: int, words_width: int) -> None:
        super().__init__()
        width = config.widths[at]
        self.words: WordAttention | None = None
        if words_width and at in config.attention:
            self.words = WordAttention(
                width,
                config.sides[at],
                words_width=words_width,
                inner=config.attention_dim,
                heads=config.heads,
            )
        self.blocks = nn.ModuleList(
            [
                ResidualConv(width, condition_width=style, activation=rectify)
                for _ in range(config.blocks_of[at])
            ]
        )
        self.modulation = Modulation(style, width)

    def forward(
        self,
        features: Tensor,
        style: Tensor,
        condition: Condition,
        looks: list[Tensor] | None = None,
    ) -> Tensor:
        """Map (N, width, h, w) to the same shape; looks as in `WordAttention`."""
        if self.words is not None:
            features = self.words(features, condition.tokens, condition.token_mask, looks)
        for block in self.blocks:
            features = block(features, style)
        return rectify(self.modulation(features, style))
