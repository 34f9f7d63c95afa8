"""Scikit-learn's digits, generators that replay them, and two classifiers of their own plugin."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import Tensor, nn

from mmgen.builtin import LabelEmbeddingConfig
from mmgen.data import DataOptions, PictureData, load
from mmgen.families import API_VERSION, Architecture, Family
from mmgen.hookspecs import hookimpl
from mmgen.interfaces import (
    Batch,
    Classification,
    Condition,
    Conditioner,
    Embedding,
    Encoder,
    Generator,
    LabelEmbedding,
    Noise,
    Phase,
    Stage,
    Trainer,
)
from mmgen.options import Options, option
from mmgen.pretrained import build
from mmgen.slots import Size
from mmgen.testing.plugin import temporary_plugin

sys.modules["mmgen_toy_digits"] = sys.modules[__name__]  # the registered references name it


def write_digits(path: Path, num_classes: int = 10) -> Path:
    """Write grey 8×8 digits, four fifths as train and the rest as test, into an .npz file."""
    found = load_digits()
    kept = found.target < num_classes
    images = np.rint(found.images[kept] * (255 / 16)).astype(np.uint8)
    labels = found.target[kept]
    cut = len(images) * 4 // 5
    np.savez(
        path,
        x_train=images[:cut],
        y_train=labels[:cut],
        x_test=images[cut:],
        y_test=labels[cut:],
    )
    return path


def read_digits(path: Path, split: str = "test", **options: Any) -> PictureData:
    """Read what `write_digits` wrote; nothing of train is held out."""
    return load(path, split, DataOptions(held_out=0.0, **options))


@dataclass(frozen=True, kw_only=True)
class ReplayOptions(Options):
    """From how many pictures."""

    first: int | None = option(None, minimum=1, help="of the pictures only these; none: all")


class Replay(Generator):
    """Draws pictures of a set; of the class that is asked for where it answers labels."""

    generation = ReplayOptions

    def __init__(self, data: PictureData, *, labelled: bool = False) -> None:
        conditioner = None
        if labelled:
            assert data.class_names is not None
            label = LabelEmbedding(LabelEmbeddingConfig(classes=data.class_names, width=2))
            conditioner = Conditioner({"label": label}, width=2)
        super().__init__(Options(), conditioner=conditioner)
        self.data = data
        self.asked: Tensor | None = None

    @property
    def size(self) -> Size:
        _, channels, height, width = self.data.images.shape
        return Size(channels=channels, height=height, width=width)

    def encode_conditions(self, values: Any, num_images: int) -> Condition:
        self.asked = values.get("label")
        return super().encode_conditions(values, num_images)

    def sample(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
        shares = rng.uniform((), stream="row")
        if self.asked is None:
            rows = (shares * min(options.first or len(self.data), len(self.data))).long()
        else:
            assert self.data.labels is not None
            known = self.data.labels[: options.first]
            of_class = [(known == label).nonzero()[:, 0] for label in self.asked]
            rows = torch.stack(
                [own[int(share * len(own))] for own, share in zip(of_class, shares, strict=True)]
            )
        return self.data.batch(rows, columns=())["target"]


@dataclass(frozen=True, kw_only=True)
class JudgeConfig(Options):
    """What the classifiers are for."""

    classes: tuple[str, ...] = option(help="their names")
    channels: int = option(1, help="of the pictures")
    height: int = option(8, help="of the pictures")
    width: int = option(8, help="of the pictures")
    known: int = option(1, help="pictures that the nearest neighbour knows")


class Judge(Encoder):
    """What both classifiers have in common."""

    modality = "image"

    def __init__(self, config: JudgeConfig) -> None:
        super().__init__(config)
        self.classes = config.classes
        self.size = Size(channels=config.channels, height=config.height, width=config.width)
        self.width = config.channels * config.height * config.width

    def prepare(self, values: Any) -> dict[str, Tensor]:
        return {"images": values}

    def forward(self, *, images: Tensor) -> Embedding:  # type: ignore[override]
        pooled = images.flatten(1)
        return Embedding(pooled[:, None], torch.ones(len(pooled), 1, dtype=torch.bool), pooled)

    def logits(self, pooled: Tensor) -> Tensor:
        raise NotImplementedError

    @torch.inference_mode()
    def classify(self, images: Tensor) -> Classification:
        logits = self.logits(self(images=images).pooled)
        return Classification(probabilities=logits.softmax(dim=1), classes=self.classes)


class NearestDigit(Judge):
    """Knows all digits by heart."""

    def __init__(self, config: JudgeConfig) -> None:
        super().__init__(config)
        self.register_buffer("pictures", torch.zeros(config.known, self.width))
        self.register_buffer("numbers", torch.zeros(config.known, dtype=torch.int64))

    def logits(self, pooled: Tensor) -> Tensor:
        nearest = torch.cdist(pooled, self.pictures).argmin(dim=1)
        return 20 * F.one_hot(self.numbers[nearest], len(self.classes)).float()


class LinearDigit(Judge):
    """Softmax regression."""

    def __init__(self, config: JudgeConfig) -> None:
        super().__init__(config)
        self.head = nn.Linear(self.width, len(config.classes))

    def logits(self, pooled: Tensor) -> Tensor:
        return self.head(pooled)


class LinearTrainer(Trainer[Options]):
    """Lowers the cross-entropy."""

    model: LinearDigit

    def stages(self) -> Sequence[Stage]:
        parameters = list(self.model.parameters())
        phase = Phase(name="classify", parameters=parameters, loss=self.loss, ema=(self.model,))
        return [Stage(name="train", phases=[phase])]

    def loss(self, batch: Batch, step: int, rng: Noise) -> dict[str, Tensor]:
        logits = self.model.logits(self.model(images=batch["target"]).pooled)
        return {"loss": F.cross_entropy(logits, batch["label"])}

    def evaluate(self, batch: Batch, rng: Noise) -> dict[str, Tensor]:
        return {"loss": self.loss(batch, 0, rng)["loss"].expand(len(batch["label"]))}


@contextmanager
def digit_judges() -> Iterator[None]:
    """Register the two classifiers for a while."""
    module = ModuleType("digit_judges")

    @hookimpl
    def mmgen_families() -> list[Family]:
        def judge(name: str, network: str, trainer: str | None) -> Architecture:
            return Architecture(
                name=name,
                summary="for tests",
                kind="encoder",
                network=f"mmgen_toy_digits:{network}",
                config=JudgeConfig,
                trainer=trainer,
            )

        linear = judge("linear-digit", "LinearDigit", "mmgen_toy_digits:LinearTrainer")
        return [
            Family(
                name="digit-judges",
                summary="for tests",
                architectures=(judge("nearest-digit", "NearestDigit", None), linear),
            )
        ]

    module.MMGEN_API = API_VERSION  # type: ignore[attr-defined]
    module.mmgen_families = mmgen_families  # type: ignore[attr-defined]
    with temporary_plugin(module):
        yield


def save_nearest(folder: Path, data: PictureData, **changes: Any) -> str:
    """Save a classifier that knows the data by heart; return its folder."""
    assert data.class_names is not None
    assert data.labels is not None
    config = JudgeConfig(classes=data.class_names, known=len(data), **changes)
    judge = build("nearest-digit", config)
    if not changes:
        judge.pictures.copy_(data.images[:].flatten(1) / 255)
        judge.numbers.copy_(data.labels)
    return str(judge.save(folder))
