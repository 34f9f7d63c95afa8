"""Samples beside held-out pictures while a model learns, and the alarm when they grow alike."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from mmgen.data import PictureData
from mmgen.errors import OptionError, TrainingError
from mmgen.interfaces import Condition, Generator, Model, Noise
from mmgen.metrics.extractors import ZooExtractor
from mmgen.options import Options
from mmgen.slots import Size, Slot
from mmgen.training import train
from mmgen.training.config import TrainingConfig
from mmgen.training.watch import (
    SampleWatch,
    collapse_warning,
    open_watch,
    pixel_spread,
    some_pictures,
)


class Glance(Model):
    """An encoder that sees a picture's pixels."""

    layers = ("pooled",)

    def __init__(self) -> None:
        super().__init__(Options())

    def encode(self, images: Any, *, layers: Sequence[str] = ("pooled",)) -> dict[str, Tensor]:
        shrunk = torch.nn.functional.adaptive_avg_pool2d(images[:, :1], 2)
        return {"pooled": shrunk.flatten(1)}


class Painter(Generator):
    """Draws pictures of many levels of grey, or of hardly any."""

    def __init__(self, variety: float) -> None:
        super().__init__(Options())
        self.variety = variety

    @property
    def size(self) -> Size:
        return Size(channels=1, height=4, width=4)

    def sample(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
        return 0.5 + self.variety * (rng.uniform((1, 4, 4), stream="x") - 0.5)


@pytest.fixture
def grey() -> PictureData:
    """Uniform noise."""
    generator = torch.Generator().manual_seed(1)
    images = torch.randint(0, 256, (200, 1, 4, 4), generator=generator, dtype=torch.uint8)
    return PictureData(images=images, name="noise", split="valid")


def look(variety: float, pictures: PictureData) -> dict[str, float]:
    glance = ZooExtractor(Glance())
    return SampleWatch(Painter(variety), pictures, glance, count=150, seed=0).look()


def test_a_good_generator_and_a_collapsed_one_look_different(grey: PictureData) -> None:
    good, collapsed = look(1.0, grey), look(0.02, grey)
    assert list(good) == ["fid", "kid", "coverage", "spread"]
    assert good["spread"] == pytest.approx(1, abs=0.1)
    assert collapsed["spread"] < 0.05
    assert good["coverage"] > 0.9
    assert collapsed["coverage"] < 0.2
    assert good["fid"] < 0.1 * collapsed["fid"]
    assert good["kid"] < collapsed["kid"]
    assert look(1.0, grey) == good


def test_the_spread_is_relative_to_real_pictures() -> None:
    generator = torch.Generator().manual_seed(0)
    real = torch.rand(64, 3, 40, 30, generator=generator)
    assert pixel_spread(real, real) == pytest.approx(1)
    assert pixel_spread(0.5 + 0.1 * (real - 0.5), real) == pytest.approx(0.1)
    assert pixel_spread(real[:1].expand(9, -1, -1, -1), real) == pytest.approx(0, abs=1e-6)


def test_some_pictures_come_from_everywhere(grey: PictureData) -> None:
    few = some_pictures(grey)
    assert few.shape == (64, 1, 4, 4)
    assert len(some_pictures(grey.select(torch.arange(5)))) == 5
    halves = [any(torch.equal(one, two) for one in few for two in part.float() / 255)
              for part in (grey.images[:100], grey.images[100:])]  # fmt: skip
    assert halves == [True, True]


@pytest.mark.parametrize(
    ("name", "values", "warned"),
    [
        ("spread", [0.9, 0.95, 0.4], True),
        ("spread", [0.9, 0.95, 0.6], False),
        ("spread", [0.9, 0.4, 0.3], False),  # it was said before
        ("spread", [0.9, 0.4, 0.8, 0.3], True),  # it had recovered
        ("spread", [3.0, 0.9], False),  # noise at first
        ("spread", [0.1, 0.02], False),  # nothing was there to lose
        ("spread", [0.4], False),
        ("coverage", [0.5, 0.1], True),
        ("coverage", [0.05, 0.01], False),
    ],
)
def test_a_warning_when_variety_falls_to_half(name: str, values: list[float], warned: bool) -> None:
    history = [(1000 * (at + 1), value) for at, value in enumerate(values)]
    text = collapse_warning(name, history)
    assert bool(text) == warned
    if warned:
        assert f"is {values[-1]:.2g}, after {max(values):.2g} at step" in text
        assert "usually helps" in text
        assert "is kept" not in text  # without held-out pictures the best model is not


@pytest.fixture
def glance(monkeypatch: pytest.MonkeyPatch) -> None:
    """The zoo's encoder `glance`."""
    monkeypatch.setattr("mmgen.training.watch.from_pretrained", lambda name, device: Glance())


def run(toy: str, pictures: PictureData, quick: dict[str, Any], path: Path, **settings: Any) -> Any:
    training = {**quick["training"], **settings}
    config = {**quick, "training": training, "data": {"held_out": 0.4}}
    return train(toy, pictures, config=config, output=path, progress=False)


@pytest.mark.usefixtures("glance")
def test_a_training_tells_how_its_samples_compare(
    toy: str, pictures: PictureData, quick: dict[str, Any], run_path: Path
) -> None:
    done = run(toy, pictures, quick, run_path, watch_encoder="glance", watch_samples=20,
               decide_by="fid")  # fmt: skip
    entries = json.loads((run_path / "figures.json").read_text())
    fids = [entry["figures"]["fid"] for entry in entries]
    assert all(set(entry["figures"]) == {"error", "fid", "kid", "coverage", "spread"}
               for entry in entries)  # fmt: skip
    assert done.figures["fid"] == min(fids)


@pytest.mark.usefixtures("glance")
def test_a_training_that_collapses_is_warned_of(
    toy: str,
    pictures: PictureData,
    quick: dict[str, Any],
    run_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    seen = iter([{"coverage": 0.6}, {"coverage": 0.5}, {"coverage": 0.1}])
    monkeypatch.setattr(SampleWatch, "look", lambda self: next(seen))
    train(
        toy,
        pictures,
        config={**quick, "training": {**quick["training"], "watch_encoder": "glance",
                                      "watch_samples": 16}, "data": {"held_out": 0.4}},
        output=run_path,
    )  # fmt: skip
    said = capsys.readouterr().err
    assert said.count("may be collapsing") == 1
    assert "is 0.1, after 0.6 at step 4" in said


def test_a_grid_of_samples_is_held_against_real_pictures(
    toy: str, pictures: PictureData, quick: dict[str, Any], run_path: Path
) -> None:
    run(toy, pictures, quick, run_path, sample_every=4, num_samples=6)
    state = json.loads(
        next(iter(sorted((run_path / "checkpoints").iterdir(), reverse=True)))
        .joinpath("state.json").read_text()
    )  # fmt: skip
    spreads = state["loop"]["spreads"]
    assert [step for step, _ in spreads] == [4, 8, 12]
    assert all(0 < value < 5 for _, value in spreads)


@pytest.mark.parametrize("count", [2, 12])
def test_one_picture_to_be_held_against_is_none(
    toy: str, pictures: PictureData, quick: dict[str, Any], run_path: Path, count: int
) -> None:
    training = {**quick["training"], "sample_every": 4, "num_samples": 6, "batch_size": 2}
    config = {**quick, "training": training, "data": {"held_out": 1 / count}}
    few = pictures.select(torch.arange(count))  # one of them is held out
    train(toy, few, config=config, output=run_path, progress=False)
    *_, last = sorted((run_path / "checkpoints").iterdir())
    spreads = json.loads((last / "state.json").read_text())["loop"]["spreads"]
    assert len(spreads) == (0 if count == 2 else 3)
    assert all(0 < value < 5 for _, value in spreads)


class Restorer(Painter):
    """Gives back the picture that it is given."""

    spatial_slots = (Slot(name="image", modality="image", required=True),)

    def sample(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
        return condition.spatial["image"]


@pytest.mark.usefixtures("glance")
def test_a_model_that_needs_a_picture_is_given_those_of_the_data(grey: PictureData) -> None:
    config = TrainingConfig(watch_encoder="glance", watch_samples=50)
    pairs = PictureData(images=grey.images, given=grey.images)
    watch = open_watch(config, Restorer(1), pairs, torch.device("cpu"))
    assert watch is not None
    assert watch.look()["fid"] == pytest.approx(0, abs=1e-9)
    with pytest.raises(TrainingError, match="draws none without 'image', which the data does not"):
        open_watch(config, Restorer(1), grey, torch.device("cpu"))


@pytest.mark.parametrize("name", ["coverage", "spread"])
def test_the_least_varied_model_is_not_the_best(name: str) -> None:
    with pytest.raises(OptionError, match=f"lowest; got '{name}'.*take fid or kid"):
        TrainingConfig(decide_by=name)


@pytest.mark.usefixtures("glance")
def test_what_cannot_be_watched_is_refused_before_the_run_begins(
    toy: str, pictures: PictureData, quick: dict[str, Any], run_path: Path
) -> None:
    few = pictures.select(torch.arange(20))
    with pytest.raises(TrainingError, match="at least 16 held-out pictures; there are 8"):
        run(toy, few, quick, run_path, watch_encoder="glance")
    assert not run_path.exists()
    config = TrainingConfig(watch_encoder="glance")
    with pytest.raises(TrainingError, match="there are 0"):
        open_watch(config, Painter(1), None, torch.device("cpu"))
    with pytest.raises(TrainingError, match="draws none"):
        open_watch(config, Glance(), pictures, torch.device("cpu"))
    with pytest.raises(TrainingError, match=r"got 'fdi', did you mean|got 'fdi'.*there are error"):
        run(toy, pictures, quick, run_path, decide_by="fdi")


def test_a_figure_that_nothing_measures_cannot_decide() -> None:
    with pytest.raises(OptionError, match=r"'fid' is where watch_encoder names an encoder"):
        TrainingConfig.build({"decide_by": "fid"})
