"""The metrics that hold samples against real pictures, through `evaluate`."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from bars import Ear, Eye, Painter, bars

from mmgen.data import PictureData
from mmgen.errors import (
    DataError,
    MmgenWarning,
    OptionError,
    UnsupportedConditionError,
    UnsupportedOperationError,
)
from mmgen.metrics import MetricResult, Workbench, evaluate
from mmgen.metrics.inception_score import split_scores

FEATURES = ("fid", "kid", "precision-recall", "neighbours")
quiet = pytest.mark.filterwarnings("ignore::mmgen.errors.MmgenWarning")

SHARES = ("precision", "recall", "coverage")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of the test's own."""
    monkeypatch.setenv("HF_HOME", str(tmp_path))


def measure(
    *metrics: str, model: Any = None, data: PictureData | None = None, **options: Any
) -> dict[str, MetricResult]:
    """Return the figures by name, by the eye called "eye"."""
    if {"agreement", "inception-score"} & set(metrics):
        options.setdefault("classifier", "eye")
    if set(metrics) & set(FEATURES):
        options.setdefault("extractor", "eye")
    found = evaluate(
        model or Painter(),
        data or bars(240),
        metrics,
        options=options,
        workbench=Workbench({"eye": Eye(), "ear": Ear(), "broken": Eye(broken=True)}),
    )
    return {result.name: result for result in found}


@quiet
def test_every_figure_carries_its_protocol() -> None:
    found = measure(*FEATURES, "agreement", "inception-score", num_samples=300)
    assert [name for name in found if " of " not in name] == [
        "fid",
        "kid",
        "precision",
        "recall",
        "density",
        "coverage",
        "nearest-training",
        "nearer-than-real",
        "near-copies",
        "agreement",
        "variety",
        "inception-score",
    ]
    for name, result in found.items():
        protocol = json.loads(json.dumps(result.to_dict()))["protocol"]
        judge = protocol.get("extractor") or protocol["classifier"]
        assert judge["name"] == "eye"
        assert len(judge["sha256"]) == 64
        assert protocol["resize"] == "none"
        assert (protocol["num_real"], protocol["num_generated"]) == (240, 300)
        assert protocol["sampling"]["seed"] == 0
        assert protocol["generation"] == {"how": "well", "grain": 1.0}
        assert "few" in protocol["notes"][0]
        assert protocol["interval"].startswith("95 %")
        is_share = name.startswith(("agreement", "near-copies")) or name in SHARES
        assert ("Wilson" in protocol["interval"]) == is_share, name
        assert result.interval is not None, name
        assert result.interval[0] <= result.value <= result.interval[1], name
        if name != "variety":
            assert protocol["floor"]["num_pictures"], name
    assert "; 95 % " in str(found["fid"])
    assert found["nearest-training"].protocol["num_train"] == 240


@quiet
def test_a_good_model_scores_like_real_pictures() -> None:
    found = measure(*FEATURES, "agreement", "inception-score", num_samples=240, conditions="label")
    floor = {name: result.protocol["floor"] for name, result in found.items() if name != "variety"}
    for name in ("fid", "precision", "recall", "density", "coverage", "nearest-training"):
        assert found[name].value == pytest.approx(floor[name]["value"], rel=0.5), name
        assert floor[name]["of"].startswith("real "), name
    assert floor["fid"]["of"] == "real train against real test"
    assert abs(found["kid"].value) < 0.01
    assert found["nearer-than-real"].value == pytest.approx(0.5, abs=0.1)
    assert found["near-copies"].value < 0.05
    assert found["agreement"].value > 0.98
    assert found["variety"].value == pytest.approx(1, abs=0.1)
    assert found["inception-score"].value == pytest.approx(
        floor["inception-score"]["value"], rel=0.05
    )
    assert 4 < found["inception-score"].value <= 6


@quiet
def test_a_collapsed_model_is_precise_and_covers_nothing() -> None:
    found = measure(
        *FEATURES, "agreement", "inception-score", num_samples=240, sampling="how=collapsed"
    )
    assert found["precision"].value > 0.9
    assert found["coverage"].value < 1 / 6  # of the six classes there is one
    assert found["recall"].value < 0.1
    assert found["fid"].value > 10 * found["fid"].protocol["floor"]["value"]
    assert found["kid"].value > 0.01
    assert found["variety"].value < 0.2
    assert found["inception-score"].value < 1.5
    assert found["agreement"].value == pytest.approx(1 / 6)


@quiet
def test_a_model_that_remembers_shows_in_its_neighbours() -> None:
    data = bars(240)
    model = Painter(known=data.other_split("train").images[:])
    found = measure("neighbours", model=model, data=data, sampling="how=memorised", pairs=4)
    assert found["nearest-training"].value == pytest.approx(0, abs=1e-6)
    assert found["nearer-than-real"].value == 1
    assert found["near-copies"].value == 1
    pairs = found["nearest-training"].pictures["pairs"]
    assert pairs.dtype == "uint8"
    assert (pairs[:6, :6] == pairs[8:14, :6]).all()  # the sample above its neighbour
    assert (pairs[6:8, :6] == 255).all()


@quiet
def test_the_wrong_classes_are_counted() -> None:
    found = measure("agreement", num_samples=60, sampling="how=wrong")
    assert found["agreement"].value == 0
    assert found["agreement of c"].value == 0
    assert found["agreement of c"].num_images == 10
    assert found["agreement"].protocol["floor"]["value"] > 0.98
    assert found["variety of c"].value > 0.8


@quiet
def test_noise_is_far_from_everything() -> None:
    found = measure(*FEATURES, num_samples=240, sampling="how=noise")
    assert found["precision"].value < 0.2
    assert found["nearer-than-real"].value < 0.1
    assert found["kid"].value > 0.01


@quiet
def test_the_distance_to_its_own_kind_falls_with_more_samples_and_kid_does_not() -> None:
    few, many = (measure("fid", "kid", data=bars(count)) for count in (30, 900))
    assert few["fid"].value > 3 * many["fid"].value
    assert abs(few["kid"].value) < 0.05


@quiet
def test_samples_are_drawn_once_for_all_metrics_and_features_taken_once() -> None:
    class Counting(Painter):
        drawn = 0

        def sample(self, condition: Any, rng: Any, options: Any) -> torch.Tensor:
            Counting.drawn += len(condition)
            return super().sample(condition, rng, options)

    eye, data = Eye(), bars(60)
    bench = Workbench({"eye": eye})
    model = Counting()
    for metric in FEATURES:
        evaluate(model, data, [metric], options={"extractor": "eye"}, workbench=bench)
    assert Counting.drawn == 60
    assert eye.seen == 1 + 3 * 60


@quiet
def test_a_model_that_was_let_go_is_drawn_from_anew_and_real_features_are_kept() -> None:
    eye, data, model = Eye(), bars(60), Painter()
    bench = Workbench({"eye": eye})
    first = evaluate(model, data, ["fid"], options={"extractor": "eye"}, workbench=bench)
    seen = eye.seen
    bench.let_go(model)
    again = evaluate(model, data, ["fid"], options={"extractor": "eye"}, workbench=bench)
    assert again[0].value == first[0].value
    assert eye.seen == seen + 60  # the new samples alone


@quiet
def test_some_of_the_real_pictures_are_drawn_by_the_seed() -> None:
    first = measure("fid", num_real=100, num_samples=100)["fid"]
    again = measure("fid", num_real=100, num_samples=100)["fid"]
    other = measure("fid", num_real=100, num_samples=100, seed=1)["fid"]
    assert first.value == again.value != other.value
    assert first.protocol["num_real"] == 100
    assert first.protocol["floor"]["num_pictures"] == [100, 100]


@quiet
def test_the_train_split_has_the_test_split_for_its_floor() -> None:
    found = measure("fid", data=bars(240, seed=100, split="train"))["fid"]
    assert found.protocol["floor"]["of"] == "real test against real train"


@quiet
def test_without_another_split_there_is_no_floor_and_it_says_so() -> None:
    found = measure("fid", "kid", "precision-recall", data=bars(60, reads=False))
    for name in ("fid", "kid", "coverage"):
        assert found[name].protocol["floor"] is None
        assert "no floor: bars has no other split" in found[name].protocol["notes"][-1]
    asked = measure("fid", floor=False, conditions="label")["fid"]
    assert asked.protocol["notes"][1:] == []


def test_few_pictures_are_warned_of_and_kid_is_named() -> None:
    with pytest.warns(MmgenWarning) as warned:
        found = measure("fid", data=bars(6, reads=False))["fid"]
    words = [str(item.message) for item in warned]
    assert words[0].startswith("fid: 6 pictures are few: below 2,000")
    assert "6 pictures in 8 dimensions: their covariance is singular; kid" in words[1]
    assert words[1].removeprefix("fid: ") in found.protocol["notes"]


def test_enough_pictures_are_not_warned_of() -> None:
    found = measure("fid", data=bars(2000), conditions="label")["fid"]
    assert found.protocol["notes"] == []
    assert found.value < 0.02


def test_a_model_that_could_be_asked_for_classes_and_is_not_is_told_of() -> None:
    with pytest.warns(MmgenWarning, match="drawn without label, which the model takes"):
        unasked = measure("fid", data=bars(2000))["fid"]
    assert "conditions=label asks for every class" in unasked.protocol["notes"][0]
    without = measure("fid", data=bars(2000), model=Painter(labelled=False))["fid"]
    assert without.protocol["notes"] == []


def test_the_inception_score_of_known_probabilities() -> None:
    sure = torch.eye(4).repeat(10, 1)
    assert float(split_scores(sure, 1)) == pytest.approx(4)
    assert float(split_scores(torch.full((40, 4), 0.25), 5).mean()) == pytest.approx(1)
    assert split_scores(sure, 8, seed=1).shape == (8,)
    assert float(split_scores(sure, 8).mean()) < 4


@pytest.mark.parametrize(
    ("metric", "options", "error", "words"),
    [
        ("fid", {"num_samples": 1}, DataError, "fid needs 2 real and 2 drawn"),
        ("kid", {"num_samples": 3}, DataError, "kid needs 4 real and 4 drawn"),
        ("precision-recall", {"num_samples": 5}, DataError, "needs 6 real and 6 drawn"),
        ("inception-score", {"num_samples": 9}, DataError, "needs 10 real and 10 drawn"),
        ("fid", {"extractor": "ear"}, UnsupportedOperationError, "'ear' is an encoder of label"),
        ("kid", {"layer": "last"}, UnsupportedOperationError, "no layer 'last'; it has map"),
        ("agreement", {"classifier": "ear"}, UnsupportedOperationError, "'ear' is an encoder of"),
        ("agreement", {"classifier": "inception"}, UnsupportedOperationError, "have no names"),
        ("fid", {"extractor": "broken"}, DataError, "'broken' gives NaN"),
        ("inception-score", {"classifier": "broken"}, DataError, "'broken' gives NaN"),
        (
            "agreement",
            {"conditions": ""},
            OptionError,
            "or another slot that tells the class; got none",
        ),
        ("kid", {"sampling": "steps=4"}, OptionError, "unknown option 'steps'"),
    ],
)
@quiet
def test_bad_input_is_refused_in_words(
    metric: str, options: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        measure(metric, data=bars(240), **options)


@quiet
def test_models_and_data_that_do_not_fit_are_refused_in_words() -> None:
    large = PictureData(images=torch.zeros(9, 1, 8, 8, dtype=torch.uint8), name="large")
    colour = PictureData(images=torch.zeros(9, 3, 6, 6, dtype=torch.uint8), name="colour")
    for data in (large, colour):
        with pytest.raises(DataError, match=rf"6×6 grey; {data.name} has"):
            measure("fid", data=data)
    for metric in (*FEATURES, "agreement", "inception-score"):
        with pytest.raises(UnsupportedOperationError, match=f"{metric} needs a model that makes"):
            measure(metric, model=Eye())
    unlabelled = PictureData(images=bars(20).images, name="plain")
    with pytest.raises(DataError, match=r"agreement holds.*plain has no labels"):
        measure("agreement", data=unlabelled)
    with pytest.raises(
        UnsupportedConditionError, match="has no slot 'label'; it takes no conditions"
    ):
        measure("agreement", model=Painter(labelled=False))
    renamed = PictureData(images=bars(6).images, labels=torch.arange(6), name="pets",
                          class_names=("a", "b", "c", "d", "e", "zebra"))  # fmt: skip
    with pytest.raises(DataError, match="pets has the class 'zebra'"):
        measure("agreement", data=renamed)
    with pytest.raises(OptionError, match="option 'extractor' is required: whose features"):
        evaluate(Painter(), bars(6), ["fid"])


@quiet
def test_neighbours_need_a_train_split_beside_the_data() -> None:
    with pytest.raises(DataError, match="got the train split itself: set --split test"):
        measure("neighbours", data=bars(20, split="train"))
    with pytest.raises(DataError, match="bars has no train split of this size"):
        measure("neighbours", data=bars(20, reads=False))
