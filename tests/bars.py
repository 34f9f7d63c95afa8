"""A world of bars for the metrics: pictures, a model that draws them well or badly, and its judge.

A picture is grey, 6×6, with one bright column of six on noise; the column is its class.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from mmgen.builtin import LabelEmbeddingConfig
from mmgen.data import PictureData
from mmgen.interfaces import (
    Classification,
    Condition,
    Conditioner,
    Embedding,
    Encoder,
    Generator,
    Noise,
)
from mmgen.interfaces.labels import LabelEmbedding
from mmgen.options import Options, option
from mmgen.slots import Size

CLASSES = tuple("abcdef")
SIDE = len(CLASSES)


def paint(labels: Tensor, noise: Tensor) -> Tensor:
    """Return bars (N, 1, 6, 6) of labels (N,) on normal noise (N, 1, 6, 6)."""
    bars = torch.eye(SIDE)[labels][:, None, None, :]
    return (0.2 + 0.5 * bars + 0.1 * noise).clamp(0, 1)


def bars(count: int, *, seed: int = 0, split: str = "test", reads: bool = True) -> PictureData:
    """Return pictures; with `reads` the splits train (seed 100) and test (seed 0), as many each."""
    noise = torch.randn(count, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))
    labels = torch.arange(count) % SIDE
    seeds = {"train": 100, "test": 0}
    return PictureData(
        images=paint(labels, noise).mul(255).round().to(torch.uint8),
        labels=labels,
        class_names=CLASSES,
        name="bars",
        split=split,
        reader=(lambda name: bars(count, seed=seeds[name], split=name)) if reads else None,
    )


@dataclass(frozen=True, kw_only=True)
class PainterOptions(Options):
    """How well it draws."""

    how: str = option(
        "well", choices=("well", "collapsed", "wrong", "memorised", "noise"), help="and how badly"
    )
    grain: float = option(1.0, minimum=0.0, help="of the noise")


class Painter(Generator):
    """Draws bars: new ones, one picture for each class, the wrong class, or known pictures."""

    generation = PainterOptions

    def __init__(self, known: Tensor | None = None, *, labelled: bool = True) -> None:
        labels = LabelEmbedding(LabelEmbeddingConfig(classes=CLASSES, width=SIDE))
        conditioner = Conditioner({"label": labels} if labelled else {}, width=SIDE)
        super().__init__(Options(), conditioner=conditioner)
        for parameter in self.conditioner.parameters():
            parameter.data.zero_()
        if labelled:
            nn.init.eye_(labels.vectors.weight)
            nn.init.eye_(self.conditioner.pooled_projections["label"].weight)
        self.known = known

    @property
    def size(self) -> Size:
        return Size(channels=1, height=SIDE, width=SIDE)

    def sample(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
        guess = (rng.uniform((), stream="class") * SIDE).long()
        asked = condition.pooled.argmax(dim=1)
        labels = torch.where(condition.pooled.amax(dim=1) > 0, asked, guess)
        if options.how == "memorised":
            assert self.known is not None
            rows = (rng.uniform((), stream="row") * len(self.known)).long()
            return self.known[rows].float() / 255
        if options.how == "noise":
            return rng.uniform((1, SIDE, SIDE), stream="x")
        noise = options.grain * rng.normal((1, SIDE, SIDE), stream="x")
        if options.how == "collapsed":
            labels, noise = labels * 0, noise * 0.05
        return paint((labels + (options.how == "wrong")) % SIDE, noise)


class Eye(Encoder):
    """Sees random features of a picture, and the class by its brightest column."""

    modality = "image"
    classes = CLASSES
    width = 8

    def __init__(self, channels: int = 1, side: int = SIDE, broken: bool = False) -> None:
        super().__init__(Options())
        self.size = Size(channels=channels, height=side, width=side)
        weights = torch.randn(
            self.width, channels * side * side, generator=torch.Generator().manual_seed(5)
        )
        self.weights = nn.Parameter(weights / side)
        self.broken = broken
        self.seen = 0

    @property
    def layers(self) -> tuple[str, ...]:
        return ("map", "pooled")

    def prepare(self, values: Any) -> dict[str, Tensor]:
        return {"images": values}

    def forward(self, *, images: Tensor) -> Embedding:  # type: ignore[override]
        pooled = images.flatten(1) @ self.weights.T
        return Embedding(pooled[:, None], torch.ones(len(images), 1, dtype=torch.bool), pooled)

    def encode(self, images: Any, *, layers: Any = ("pooled",)) -> dict[str, Tensor]:
        self.seen += len(images)
        pooled = self(images=images).pooled.detach()
        if self.broken and len(images) > 1:
            pooled[1, 2] = torch.nan
        found = {"pooled": pooled, "map": images.expand(-1, 3, -1, -1)}
        return {name: found[name] for name in layers}

    def classify(self, images: Any) -> Classification:
        columns = images.mean(dim=(1, 2)).double()
        probabilities = (30 * columns).softmax(dim=1).float()
        if self.broken:
            probabilities[0] = torch.nan
        return Classification(probabilities=probabilities, classes=self.classes)


class Ear(Encoder):
    """An encoder of labels: no pictures."""

    modality = "label"
    width = 3

    def __init__(self) -> None:
        super().__init__(Options())

    def prepare(self, values: Any) -> dict[str, Tensor]:
        return {}

    def forward(self, **tensors: Tensor) -> Embedding:
        raise NotImplementedError
