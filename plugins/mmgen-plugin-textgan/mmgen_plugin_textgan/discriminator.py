"""The discriminator: is a picture real, does it show what was said, and is each word in it?"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from mmgen.interfaces import Condition, Conditioner
from mmgen.nn import ResidualConv, judge_condition, judge_conditioner
from mmgen_plugin_textgan.activation import rectify, start_rectified
from mmgen_plugin_textgan.attention import WordJudgement, as_regions
from mmgen_plugin_textgan.config import TextGanConfig


@dataclass(frozen=True)
class Seen:
    """What the discriminator sees in N pictures.

    Attributes:
        features: (N, width), of the whole.
        regions: (N, R, channels), of places; R is 0 where it does not look for words.
    """

    features: Tensor
    regions: Tensor

    def __getitem__(self, rows: slice) -> "Seen":
        return Seen(self.features[rows], self.regions[rows])


class Discriminator(nn.Module):
    """Scores of pictures: the higher, the more real, and the more what the condition says.

    A score is linear in the picture's features; under a condition, it also has their inner product
    with a projection of the sentence (Miyato and Koyama 2018, equation 3), and how well each word
    is answered in some region. The condition is encoded by encoders of the discriminator's own,
    which start as the generator's.

    Args:
        config: the generator's, which the networks mirror.
        conditioner: the generator's.
        width_factor: channels relative to the generator's.
        bias: whether a number added to all scores matters to the loss.
    """

    def __init__(
        self, config: TextGanConfig, conditioner: Conditioner, *, width_factor: float, bias: bool
    ) -> None:
        super().__init__()
        widths = [max(1, round(width * width_factor)) for width in config.widths]
        self.conditioner = judge_conditioner(conditioner)
        looks = self.conditioner is not None and bool(config.attention)
        self.body = Body(config, widths, regions_at=min(config.attention) if looks else None)
        self.head = nn.Linear(widths[0], 1, bias=bias)
        self.words: WordJudgement | None = None
        if self.conditioner is None:
            return
        self.projection = nn.Linear(conditioner.width, widths[0], bias=False)
        nn.init.xavier_uniform_(self.projection.weight)
        if looks:
            at = min(config.attention)
            self.words = WordJudgement(
                widths[at],
                config.sides[at],
                words_width=conditioner.width,
                inner=config.attention_dim,
                heads=config.heads,
            )

    def condition(self, batch: dict[str, Any], present: Tensor) -> Condition | None:
        """Return the condition of a batch as far as it is present, bool (N, S)."""
        return judge_condition(self.conditioner, batch, present)

    def see(self, images: Tensor) -> Seen:
        """Return what is seen in images (N, C, H, W) in [-1, 1]."""
        seen: Seen = self.body(images)
        return seen

    def score(self, seen: Seen, condition: Condition | None) -> Tensor:
        """Return scores (N,) of what is seen, under a condition."""
        features = seen.features
        scores = self.head(features)[:, 0]
        if condition is None:
            return scores
        sentence = (self.projection(condition.pooled) * features).sum(dim=1)
        scores = scores + sentence / features.shape[1] ** 0.5
        if self.words is not None:
            scores = scores + self.words(seen.regions, condition.tokens, condition.token_mask)
        return scores

    def forward(self, images: Tensor, condition: Condition | None) -> Tensor:
        """Return scores (N,) of images (N, C, H, W) in [-1, 1] under a condition."""
        return self.score(self.see(images), condition)


class Body(nn.Module):
    """Strided convolutions that halve the sides, and residual blocks between them.

    Without normalisation, which would let pictures judge each other, and spoil penalties of the
    slope (Gulrajani et al. 2017, section 4).
    """

    def __init__(self, config: TextGanConfig, widths: list[int], regions_at: int | None) -> None:
        super().__init__()
        fine_to_coarse = (config.channels, *reversed(widths))
        self.downs = nn.ModuleList(
            [nn.Conv2d(a, b, 4, stride=2, padding=1) for a, b in pairwise(fine_to_coarse)]
        )
        self.blocks = nn.ModuleList(
            [
                nn.Sequential(*[ResidualConv(width, activation=rectify) for _ in range(count)])
                for width, count in zip(fine_to_coarse[1:], reversed(config.blocks_of), strict=True)
            ]
        )
        self.regions_at = None if regions_at is None else len(widths) - 1 - regions_at
        height, width = config.sides[0]
        self.last = nn.Linear(widths[0] * height * width, widths[0])
        for layer in (*self.downs, self.last):
            start_rectified(layer)

    def forward(self, images: Tensor) -> Seen:
        """See images (N, C, H, W) in [-1, 1]."""
        features = images.to(memory_format=torch.channels_last)
        regions = images.new_zeros(len(images), 0, 0)
        for at, (down, blocks) in enumerate(zip(self.downs, self.blocks, strict=True)):
            features = rectify(blocks(down(features)))
            if at == self.regions_at:
                regions = as_regions(features)
        features = features.permute(0, 2, 3, 1).flatten(1)  # as they lie in memory
        return Seen(rectify(self.last(features)), regions)
