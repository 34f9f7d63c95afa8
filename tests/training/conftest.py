"""A tiny family, registered for the tests: a generator with one picture to learn."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mmgen.data import PictureData
from mmgen.families import API_VERSION, Architecture, Family
from mmgen.hookspecs import hookimpl
from mmgen.interfaces import Batch, Condition, Conditioner, Generator, Noise, Phase, Stage, Trainer
from mmgen.options import Options, option
from mmgen.plugins import Plugin, manager
from mmgen.slots import Size

# The registered references name this module.
sys.modules["mmgen_toys"] = sys.modules[__name__]


@dataclass(frozen=True, kw_only=True)
class ToyConfig(Options):
    """A linear denoiser's size."""

    channels: int = option(help="of the pictures", minimum=1)
    height: int = option(help="of the pictures", minimum=1)
    width: int = option(help="of the pictures", minimum=1)
    hidden: int = option(8, help="width of the hidden layer")


@dataclass(frozen=True, kw_only=True)
class ToyTrainerOptions(Options):
    """How the toy learns."""

    noise: float = option(0.1, help="standard deviation of what is added to the pictures")
    fail_at: int = option(-1, help="step with a NaN loss; -1: none")
    frozen_stage: bool = option(False, help="train in two stages, the first part frozen at last")


class Toy(Generator):
    """A small network with batch statistics, dropout and a label."""

    uses_tokens = False

    def __init__(self, config: ToyConfig, *, conditioner: Conditioner | None = None) -> None:
        super().__init__(config, conditioner=conditioner)
        numbers = config.channels * config.height * config.width
        self.body = nn.Sequential(
            nn.Linear(numbers, config.hidden), nn.BatchNorm1d(config.hidden), nn.Dropout(0.1)
        )
        self.conditions = nn.Linear(self.conditioner.width, config.hidden)
        self.head = nn.Linear(config.hidden, numbers)
        self.toy_config = config

    @property
    def size(self) -> Size:
        config = self.toy_config
        return Size(channels=config.channels, height=config.height, width=config.width)

    def forward(self, pixels: Tensor, condition: Condition) -> Tensor:
        hidden = self.body(pixels.flatten(1)) + self.conditions(condition.pooled)
        return torch.sigmoid(self.head(hidden)).view_as(pixels)

    def sample(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
        config = self.toy_config
        torch.rand(3)  # some families draw from the global generator
        noise = rng.normal((config.channels, config.height, config.width), stream="x")
        return self(noise, condition)


class ToyTrainer(Trainer[ToyTrainerOptions]):
    """Denoising, with a counter as training-only state."""

    model: Toy

    def __init__(self, model: Toy, options: ToyTrainerOptions) -> None:
        super().__init__(model, options)
        self.model = model
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))

    def stages(self) -> Sequence[Stage]:
        everything = Phase(
            name="denoise",
            parameters=list(self.model.parameters()),
            loss=self.loss,
            ema=[self.model],
            after_step=self.count,
        )
        if not self.options.frozen_stage:
            return [Stage(name="toy", phases=[everything])]
        frozen = [self.model.body, self.model.conditions, self.model.conditioner]
        head = Phase(
            name="head", parameters=list(self.model.head.parameters()), loss=self.head_loss,
            ema=[self.model.head],
        )  # fmt: skip
        return [
            Stage(name="toy", phases=[everything]),
            Stage(name="head", phases=[head], frozen=frozen, encode=self.encode),
        ]

    def count(self, step: int) -> None:
        assert int(self.seen) == step
        self.seen += 1

    def condition(self, batch: Batch) -> Condition:
        size, device = len(batch["target"]), batch["target"].device
        return self.model.conditioner(batch, num_images=size, device=device)

    def loss(self, batch: Batch, step: int, rng: Noise) -> dict[str, Tensor]:
        target = batch["target"]
        noisy = target + self.options.noise * rng.normal(target.shape[1:])
        error = (self.model(noisy, self.condition(batch)) - target).square().mean()
        if step == self.options.fail_at:
            error = error * float("nan")
        return {"loss": error, "noise": (noisy - target).std()}

    def encode(self, batch: Batch) -> Batch:
        hidden = self.model.body(batch["target"].flatten(1))
        return {"target": batch["target"], "hidden": hidden}

    def head_loss(self, batch: Batch, step: int, rng: Noise) -> dict[str, Tensor]:
        assert not self.model.body.training
        out = torch.sigmoid(self.model.head(batch["hidden"])).view_as(batch["target"])
        return {"loss": (out - batch["target"]).square().mean()}

    def evaluate(self, batch: Batch, rng: Noise) -> dict[str, Tensor]:
        target = batch["target"]
        noisy = target + self.options.noise * rng.normal(target.shape[1:])
        out = self.model(noisy, self.condition(batch))
        return {"error": (out - target).square().mean(dim=(1, 2, 3))}


def toy_module(events: list[Any]) -> ModuleType:
    """Return a plugin that brings the toy and hears of its trainings."""
    module = ModuleType("toy_plugin")

    @hookimpl
    def mmgen_families() -> list[Family]:
        toy = Architecture(
            name="toy",
            summary="for tests",
            network="mmgen_toys:Toy",
            config=ToyConfig,
            trainer="mmgen_toys:ToyTrainer",
            training=ToyTrainerOptions,
        )
        return [Family(name="toys", summary="for tests", architectures=(toy,))]

    @hookimpl
    def mmgen_training_event(event: Any) -> None:
        events.append(event)

    module.MMGEN_API = API_VERSION  # type: ignore[attr-defined]
    module.mmgen_families = mmgen_families  # type: ignore[attr-defined]
    module.mmgen_training_event = mmgen_training_event  # type: ignore[attr-defined]
    return module


@pytest.fixture
def events() -> Iterator[list[Any]]:
    """Register the toy; return the list of training events that its plugin hears."""
    heard: list[Any] = []
    plugins = manager()
    plugin = Plugin("toys", "mmgen-toys", "1.0", toy_module(heard))
    plugins.add(plugin)
    assert plugin.status == "ok"
    yield heard
    plugins.block(plugin, "the test is over")
    plugins.plugins.remove(plugin)


@pytest.fixture
def toy(events: list[Any]) -> str:
    """Register the toy; return its architecture's name."""
    return "toy"


@pytest.fixture
def pictures() -> PictureData:
    """Sixty labelled 4×4 pictures that differ by class."""
    generator = torch.Generator().manual_seed(5)
    labels = torch.arange(60) % 3
    images = torch.randint(0, 80, (60, 1, 4, 4), generator=generator, dtype=torch.uint8)
    images += (60 * labels).to(torch.uint8)[:, None, None, None]
    return PictureData(
        images=images, labels=labels, class_names=("low", "mid", "high"), name="stripes"
    )


@pytest.fixture
def quick() -> dict[str, Any]:
    """Settings of a training that takes a moment."""
    return {
        "training": {
            "steps": 12, "batch_size": 8, "log_every": 4, "evaluate_every": 4,
            "checkpoint_every": 4, "sample_every": 0, "tensorboard": False, "device": "cpu",
            "warmup_steps": 3, "schedule": "cosine", "clip_norm": 1.0, "weight_decay": 0.01,
        },
        "data": {"held_out": 0.2},
        "conditions": {"label": {"encoder": "label-embedding", "width": 4}},
        "conditioner": {"width": 6, "dropout": 0.3},
    }  # fmt: skip


@pytest.fixture
def run_path(tmp_path: Path) -> Path:
    """A folder for a run that does not exist yet."""
    return tmp_path / "run"
