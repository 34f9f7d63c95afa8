"""Modes covered, on stacks of three classes of small digits: 27 modes."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from toy_digits import Replay, digit_judges, read_digits, save_nearest, write_digits

from mmgen.data import PictureData
from mmgen.data.stacking import split_labels, stack_pictures
from mmgen.errors import (
    DataError,
    InputError,
    OptionError,
    UnsupportedConditionError,
    UnsupportedOperationError,
)
from mmgen.metrics import MetricResult, ModesOptions, evaluate
from mmgen.metrics.modes import divergence, mode_shares, modes
from mmgen.slots import Slot

SAMPLES = 1000


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_digits(tmp_path_factory.mktemp("digits") / "digits.npz", num_classes=3)


@pytest.fixture(scope="module")
def grey(source: Path) -> PictureData:
    return read_digits(source, "train")


@pytest.fixture(scope="module")
def stacked(grey: PictureData) -> PictureData:
    return stack_pictures(grey, 3, 3000, seed=5)


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory, grey: PictureData) -> Iterator[str]:
    with digit_judges():
        yield save_nearest(tmp_path_factory.mktemp("judge") / "judge", grey)


def measure(
    model: Any, data: PictureData, classifier: str, **options: Any
) -> dict[str, MetricResult]:
    given = ModesOptions(classifier=classifier, **{"num_samples": SAMPLES, **options})
    return {result.name: result for result in modes(model, data, given)}


def test_replayed_pictures_cover_all_modes_as_real_ones_do(
    stacked: PictureData, grey: PictureData, classifier: str
) -> None:
    figures = measure(Replay(stacked), grey, classifier)
    covered, kl = figures["modes"], figures["modes-kl"]
    assert (covered.value, covered.unit, covered.protocol["floor"]["value"]) == (27, "of 27", 27)
    assert covered.protocol["classifier_accuracy"] == 1
    expected = 26 / (2 * SAMPLES)  # of samples of the same distribution: χ² / 2N
    for found in (kl.value, kl.protocol["floor"]["value"]):
        assert expected / 2 < found < 2 * expected
    assert kl.standard_error == pytest.approx(math.sqrt(26 / 2) / SAMPLES, rel=0.6)
    assert len(kl.protocol["classifier"]["sha256"]) == 64
    assert kl.interval is not None
    assert kl.interval[0] < kl.value < kl.interval[1]


def test_a_collapsed_model_covers_few_and_is_far_from_the_data(
    stacked: PictureData, grey: PictureData, classifier: str
) -> None:
    assert stacked.labels is not None
    first, second, _ = split_labels(stacked.labels, 3, 3).unbind(dim=1)
    few = stacked.select(((first == 1) & (second == 2)).nonzero()[:, 0])
    figures = measure(Replay(few), grey, classifier)
    assert figures["modes"].value == 3
    assert figures["modes-kl"].value == pytest.approx(math.log(9), abs=0.1)
    assert figures["modes-kl-uniform"].value == pytest.approx(math.log(9), abs=0.1)
    assert figures["modes-kl"].protocol["floor"]["value"] < 0.05


def test_a_set_that_was_stacked_before_serves_as_well(
    stacked: PictureData, grey: PictureData, classifier: str
) -> None:
    before = stack_pictures(grey, 3, SAMPLES, seed=0)
    ours, theirs = (measure(Replay(stacked), data, classifier) for data in (grey, before))
    floors = [found["modes-kl-uniform"].protocol["floor"]["value"] for found in (ours, theirs)]
    assert floors[0] == floors[1]
    assert ours["modes-kl"].value == pytest.approx(theirs["modes-kl"].value, abs=0.01)


def test_grey_pictures_have_their_classes_for_modes(grey: PictureData, classifier: str) -> None:
    assert grey.labels is not None
    two = grey.select((grey.labels < 2).nonzero()[:, 0])
    figures = measure(Replay(two), grey, classifier, num_samples=400)
    assert (figures["modes"].value, figures["modes"].unit) == (2, "of 3")
    share = float((grey.labels < 2).double().mean())
    assert figures["modes-kl"].value == pytest.approx(-math.log(share), abs=0.02)
    assert figures["modes-kl"].protocol["floor"]["value"] < 0.02


def test_the_same_seed_gives_the_same_figures(
    stacked: PictureData, grey: PictureData, classifier: str
) -> None:
    model = Replay(stacked)
    runs = [
        measure(model, grey, classifier, seed=seed, batch_size=batch_size)
        for seed, batch_size in ((0, 7), (0, 256), (1, 7))
    ]
    values = [run["modes-kl"].value for run in runs]
    assert values[0] == values[1] != values[2]


def test_options_of_generate_are_passed_on(
    stacked: PictureData, grey: PictureData, classifier: str
) -> None:
    found = measure(Replay(stacked), grey, classifier, sampling=("first=5",))["modes"]
    assert found.value <= 5
    assert found.protocol["generation"] == {"first": 5}
    with pytest.raises(OptionError, match="sampling takes NAME=VALUE"):
        measure(Replay(stacked), grey, classifier, sampling=("first",))


def test_it_is_known_by_name_and_says_how_far_it_is(
    stacked: PictureData, grey: PictureData, classifier: str
) -> None:
    heard: list[tuple[str, int, int]] = []
    options = {"classifier": classifier, "num_samples": SAMPLES}
    results = evaluate(
        Replay(stacked),
        grey,
        ["modes"],
        options=options,
        progress=lambda *news: heard.append(news),
    )
    assert [result.name for result in results] == ["modes", "modes-kl", "modes-kl-uniform"]
    assert heard[-1] == ("modes", 3 * SAMPLES, 3 * SAMPLES)


def test_the_share_of_a_mode_is_the_product_of_its_classes_the_first_channel_highest() -> None:
    shares = mode_shares(torch.tensor([[0.2, 0.8], [0.5, 0.5]], dtype=torch.float64))
    assert shares.tolist() == pytest.approx([0.1, 0.1, 0.4, 0.4])


def test_the_divergence_and_its_error_are_those_of_multinomial_counts() -> None:
    shares = torch.tensor([0.5, 0.25, 0.25], dtype=torch.float64)
    kl, _ = divergence(torch.tensor([5, 5, 0]), shares)
    assert kl == pytest.approx(0.5 * math.log(0.5 / 0.5) + 0.5 * math.log(0.5 / 0.25))
    generator = torch.Generator().manual_seed(0)
    for truth in (shares, torch.tensor([0.7, 0.2, 0.1], dtype=torch.float64)):
        drawn = torch.multinomial(truth, 400 * 2000, replacement=True, generator=generator)
        each = [divergence(row.bincount(minlength=3), shares) for row in drawn.view(2000, 400)]
        values, errors = torch.tensor(each, dtype=torch.float64).unbind(dim=1)
        assert float(errors.mean()) == pytest.approx(float(values.std()), rel=0.3)


def test_what_cannot_be_measured_is_refused_in_words(
    stacked: PictureData, grey: PictureData, classifier: str, brightness: Any
) -> None:
    model = Replay(stacked)
    with pytest.raises(InputError, match=r"needs 10 samples a mode.*: 270 for 27 modes"):
        measure(model, grey, classifier, num_samples=200)
    with pytest.raises(UnsupportedOperationError, match="modes needs a model that makes pictures"):
        measure(brightness, grey, classifier)
    with pytest.raises(DataError, match=r"stacked-digits has 200: set data\.stack_pictures"):
        measure(model, stacked.select(torch.arange(200)), classifier)
    with pytest.raises(DataError, match=r"digits has 429: set num_samples=429, or split"):
        measure(Replay(grey), grey, classifier)
    with pytest.raises(DataError, match="needs labels of the real pictures"):
        measure(model, PictureData(images=grey.images), classifier)
    assert grey.labels is not None
    without = grey.select((grey.labels > 0).nonzero()[:, 0])
    with pytest.raises(DataError, match=r"every class of the classifier in the data.* has no '0'"):
        measure(model, without, classifier)
    with pytest.raises(DataError, match=r"of 8×8 colour.*data has 9×9 with 1 channels"):
        measure(model, PictureData(images=torch.zeros(5, 1, 9, 9, dtype=torch.uint8)), classifier)
    with pytest.raises(DataError, match=r"'0 0 0' to '2 2 2'; data has 2 other classes"):
        measure(
            model,
            PictureData(
                images=stacked.images, labels=torch.zeros(3000).long(), class_names=("a", "b")
            ),
            classifier,
        )


def test_a_classifier_of_other_pictures_is_refused(
    stacked: PictureData, grey: PictureData, classifier: str, tmp_path: Path
) -> None:
    model = Replay(stacked)
    large = save_nearest(tmp_path / "large", grey, height=9, width=9)
    with pytest.raises(UnsupportedOperationError, match=r"grey pictures of 8×8 px.* is for 9×9"):
        measure(model, grey, large)
    colour = save_nearest(tmp_path / "colour", grey, channels=3)
    with pytest.raises(
        UnsupportedOperationError, match=r"one channel at a time.* is for 8×8 colour"
    ):
        measure(model, grey, colour)


def test_a_model_that_needs_a_condition_is_refused(
    stacked: PictureData, grey: PictureData, classifier: str
) -> None:
    class Restorer(Replay):
        spatial_slots = (Slot(name="image", modality="image", required=True),)

    with pytest.raises(UnsupportedConditionError, match="needs 'image'"):
        measure(Restorer(stacked), grey, classifier)
