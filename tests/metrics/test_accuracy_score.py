"""The classification accuracy score, of generators that replay small digits."""

import dataclasses
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from toy_digits import Replay, digit_judges, read_digits, write_digits

from mmgen.data import PictureData
from mmgen.errors import DataError, InputError, UnsupportedOperationError
from mmgen.metrics import AccuracyScoreOptions, MetricResult, evaluate
from mmgen.metrics.accuracy_score import classification_accuracy_score

RECIPE = """
architecture = "linear-digit"
[training]
steps = 250
batch_size = 64
learning_rate = 2e-2
ema_decay = 0.9
[data]
size = 99
"""


@pytest.fixture(scope="module", autouse=True)
def judges() -> Iterator[None]:
    with digit_judges():
        yield


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_digits(tmp_path_factory.mktemp("digits") / "digits.npz")


@pytest.fixture(scope="module")
def test_set(source: Path) -> PictureData:
    return read_digits(source)


@pytest.fixture(scope="module")
def replay(source: Path) -> Replay:
    """A perfect model: it draws the train split's pictures."""
    return Replay(read_digits(source, "train"), labelled=True)


@pytest.fixture
def recipe(tmp_path: Path) -> str:
    path = tmp_path / "recipe.toml"
    path.write_text(RECIPE)
    return str(path)


def measure(model: Any, data: PictureData, recipe: str | None, **options: Any) -> Any:
    given = AccuracyScoreOptions(recipe=recipe, **{"num_samples": 1500, "runs": 2, **options})
    return classification_accuracy_score(model, data, given)


def test_a_model_that_replays_is_as_good_as_real_pictures_and_nothing_is_left(
    replay: Replay,
    test_set: PictureData,
    recipe: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (scratch := tmp_path / "scratch").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    before = torch.random.get_rng_state()
    ours, real = measure(replay, test_set, recipe)
    assert ours.name == "classification-accuracy-score"
    assert real.name == "classification-accuracy-score of real pictures"
    assert 0.85 < ours.value <= 1
    assert ours.value == pytest.approx(real.value, abs=0.04)
    assert (ours.num_images, ours.unit) == (len(test_set), "share")
    assert ours.protocol["num_train"] == ours.protocol["num_generated"] == 1500
    assert real.protocol["num_train"] == 1437
    assert ours.protocol["floor"]["value"] == real.value
    assert ours.protocol["runs"] == 2
    (note,) = ours.protocol["notes"]
    first, second, spread = map(float, re.findall(r"\d\.\d{4}", note))
    assert ours.value == pytest.approx((first + second) / 2, abs=1e-4)
    assert ours.standard_error == pytest.approx(spread / 2**0.5, abs=1e-4)
    assert ours.protocol["recipe"]["training"]["steps"] == 250
    assert ours.pictures["confusion"].shape[2] == 3
    assert not list(scratch.glob("mmgen-*"))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_samples_without_variety_or_of_the_wrong_class_score_low(
    replay: Replay, test_set: PictureData, recipe: str
) -> None:
    data = replay.data
    assert data.labels is not None
    first = [int((data.labels == label).nonzero()[0, 0]) for label in range(10)]
    collapsed = Replay(data.select(torch.tensor(first)), labelled=True)
    mixed = Replay(data, labelled=True)
    mixed.data = PictureData(
        images=data.images, labels=data.labels.roll(1), class_names=data.class_names
    )
    scores = [measure(m, test_set, recipe, runs=1, real=False)[0] for m in (collapsed, mixed)]
    assert scores[0].value < 0.8
    assert scores[1].value < 0.3
    assert scores[0].standard_error is None


def test_the_same_seed_gives_the_same_score(
    replay: Replay, test_set: PictureData, recipe: str
) -> None:
    runs = [
        measure(replay, test_set, recipe, runs=1, real=False, steps=30, seed=seed)[0]
        for seed in (0, 0, 1)
    ]
    assert runs[0] == runs[1]
    assert runs[0].value != runs[2].value
    assert runs[0].protocol["recipe"]["training"]["steps"] == 30


def test_options_of_generate_are_passed_on(
    replay: Replay, test_set: PictureData, recipe: str
) -> None:
    few = {"runs": 1, "real": False}
    (found,) = measure(replay, test_set, recipe, sampling=("first=20",), **few)
    assert found.value < measure(replay, test_set, recipe, **few)[0].value - 0.1
    assert found.protocol["generation"] == {"first": 20}


def test_what_models_differ_in_is_no_part_of_the_protocol(
    replay: Replay, test_set: PictureData, recipe: str
) -> None:
    other = Replay(replay.data.select(torch.arange(700)), labelled=True)
    both = [measure(model, test_set, recipe, runs=1, steps=5)[0] for model in (replay, other)]
    own = {"notes", "generation"}
    ours, theirs = ({k: v for k, v in r.protocol.items() if k not in own} for r in both)
    assert ours == theirs


def test_it_is_known_by_name_and_says_how_far_it_is(
    replay: Replay, test_set: PictureData, recipe: str
) -> None:
    heard: list[tuple[str, int, int]] = []
    results: list[MetricResult] = evaluate(
        replay,
        test_set,
        ["classification-accuracy-score"],
        options={"recipe": recipe, "steps": 2, "runs": 2, "num_samples": 100},
        progress=lambda *news: heard.append(news),
    )
    assert [result.num_images for result in results] == [len(test_set)] * 2
    total = 100 + 4 * 2 * 64
    assert heard[0] == ("classification-accuracy-score", 100, total)
    assert heard[-1] == ("classification-accuracy-score", total, total)


def test_a_model_without_classes_is_refused(
    replay: Replay, test_set: PictureData, recipe: str, brightness: Any
) -> None:
    with pytest.raises(UnsupportedOperationError, match=r"of a class \(label\).*no conditions"):
        measure(Replay(replay.data), test_set, recipe)
    with pytest.raises(UnsupportedOperationError, match="needs a model that makes pictures"):
        measure(brightness, test_set, recipe)


def test_data_that_cannot_serve_is_refused_before_anything_is_drawn(
    replay: Replay, test_set: PictureData, recipe: str, source: Path
) -> None:
    replay.asked = None
    with pytest.raises(DataError, match="needs labels; data has none"):
        measure(replay, PictureData(images=test_set.images), recipe)
    names = ("cat", *map(str, range(1, 10)))
    cats = PictureData(images=test_set.images, labels=test_set.labels, class_names=names)
    with pytest.raises(DataError, match="the class 'cat'"):
        measure(replay, cats, recipe)
    with pytest.raises(DataError, match="8×8 grey; digits has 9×9"):
        measure(replay, read_digits(source, size=9), recipe)
    with pytest.raises(DataError, match="the train split of digits: choose --split test"):
        measure(replay, replay.data, recipe)
    with pytest.raises(DataError, match=r"was not loaded from a source.*set real=no"):
        measure(replay, dataclasses.replace(test_set, reader=None), recipe)
    with pytest.raises(InputError, match="there are 10, num_samples is 9"):
        measure(replay, test_set, recipe, num_samples=9)
    assert replay.asked is None
