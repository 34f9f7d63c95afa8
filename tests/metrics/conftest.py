"""Models whose figures are known."""

import math
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor

from mmgen.data import PictureData
from mmgen.interfaces import Classification, Condition, Generator, LogLikelihood, Model, Noise
from mmgen.options import Options, option
from mmgen.slots import Size


@dataclass(frozen=True, kw_only=True)
class CoinConfig(Options):
    """A coin per pixel."""

    probability: float = option(0.25, help="that a pixel is white")
    data_space: str = option("binary", help="binary or 8-bit")


class Coin(Generator):
    """Every pixel is white with one probability; reconstructs pictures a little darker."""

    def __init__(self, config: CoinConfig) -> None:
        super().__init__(config)
        self.coin = config
        self.calls: list[dict[str, Any]] = []

    @property
    def size(self) -> Size:
        return Size(channels=1, height=4, width=4)

    def sample(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
        return (rng.uniform((1, 4, 4), stream="x") < self.coin.probability).float()

    def log_likelihood(self, images: Tensor, **options: Any) -> LogLikelihood:
        self.calls.append({"images": len(images), **options})
        white = images.double().sum(dim=(1, 2, 3))
        p = self.coin.probability
        return LogLikelihood(
            values=white * math.log(p) + (16 - white) * math.log1p(-p),
            data_space=self.coin.data_space,
            kind="exact",
            num_samples=0,
        )

    def reconstruct(self, images: Tensor, **conditions: Any) -> Tensor:
        return images * 0.9


class Mute(Generator):
    """A generator that can do nothing else."""

    @property
    def size(self) -> Size:
        return Size(channels=1, height=4, width=4)

    def sample(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
        return rng.uniform((1, 4, 4), stream="x")


@pytest.fixture
def coin() -> Coin:
    """A model of binary pictures."""
    return Coin(CoinConfig())


@pytest.fixture
def grey_coin() -> Coin:
    """The same, that calls its data 8-bit."""
    return Coin(CoinConfig(data_space="8-bit"))


@pytest.fixture
def mute() -> Mute:
    """A generator without likelihood and reconstruction."""
    return Mute(Options())


@pytest.fixture
def binary() -> PictureData:
    """Thirty binary pictures."""
    generator = torch.Generator().manual_seed(2)
    images = (torch.rand(30, 1, 4, 4, generator=generator) < 0.4).to(torch.uint8) * 255
    return PictureData(images=images, labels=torch.arange(30) % 2, class_names=("a", "b"))


@pytest.fixture
def grey(binary: PictureData) -> PictureData:
    """The same with one grey pixel in the last picture."""
    images = binary.images[:].clone()
    images[-1, 0, 2, 2] = 77
    return PictureData(images=images, name="grey")


class Brightness(Model):
    """Takes bright pictures for "day" and dark ones for "night"."""

    classes = ("night", "day")

    def classify(self, images: Tensor) -> Classification:
        day = (images.mean(dim=(1, 2, 3)) > 0.5).float()
        return Classification(
            probabilities=torch.stack([1 - day, day], dim=1), classes=self.classes
        )


@pytest.fixture
def brightness() -> Brightness:
    """A classifier whose mistakes are known."""
    return Brightness(Options())
