"""Figures in a model's training.json, and the card that tells them."""

import json
from pathlib import Path
from typing import Any

import pytest

from mmgen.errors import ModelFileError
from mmgen.metrics import MetricResult
from mmgen.publishing.entry import read_training, training_figures
from mmgen.publishing.measurements import describe_protocol
from mmgen.publishing.recording import record

PROTOCOL: dict[str, Any] = {
    "metric": "fid",
    "data": "mnist",
    "split": "test",
    "extractor": {"name": "cnn-mnist", "sha256": "ab" * 32, "layer": "pooled", "dimension": 64},
    "resize": "28×28 to 32×32, bicubic",
    "num_real": 10_000,
    "num_generated": 5_000,
    "sampling": {"seed": 3, "conditions": ["label"], "options": {"truncation": "0.7"}},
    "floor": {"value": 0.51234, "of": "real train against real test", "num_pictures": [1, 2]},
}


def fid(value: float, **protocol: Any) -> MetricResult:
    return MetricResult(
        name="fid",
        value=value,
        unit="",
        num_images=5_000,
        interval=(value - 1, value + 1),
        protocol=PROTOCOL | protocol,
    )


def test_a_figure_of_one_class_says_how_many_samples_it_stands_on() -> None:
    figure = MetricResult(name="agreement of 7", value=1, unit="share", num_images=500,
                          protocol={"num_real": 10_000, "num_generated": 5_000})  # fmt: skip
    words = "500 of 5,000 samples against 10,000 pictures"
    assert describe_protocol(figure.to_dict()) == words
    recall = {"num_images": 300, "protocol": {"num_real": 300, "num_generated": 5_000}}
    assert describe_protocol(recall) == "5,000 samples against 300 pictures"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A saved model's folder, as far as figures are concerned."""
    (tmp_path / "config.json").write_text("{}")
    trained = {"steps": 7, "evaluation": {"figures": {"loss": 2.0}, "num_pictures": 9}}
    (tmp_path / "training.json").write_text(json.dumps(trained))
    return tmp_path


def test_figures_stand_beside_those_of_the_training(model: Path) -> None:
    record(model, [fid(3.5)])
    training = read_training(model)
    assert training["steps"] == 7
    assert training["measurements"] == [fid(3.5).to_dict()]
    loss, measured = training_figures(training)
    assert (loss.name, loss.value) == ("loss", 2.0)
    assert (measured.name, measured.value, measured.standard_error) == ("fid", 3.5, None)
    assert measured.protocol == (
        "5,000 samples against 10,000 pictures of mnist test; features of cnn-mnist (pooled, "
        "sha256 abababababab); 28×28 to 32×32, bicubic; seed 3, label given, truncation 0.7; "
        "real train against real test: 0.5123; 95 %: 2.5 to 4.5"
    )


def test_a_figure_takes_the_place_of_its_elder_alone(model: Path) -> None:
    record(model, [fid(3.5), fid(4.5, split="valid")])
    record(model, [fid(2.5), fid(6.5, extractor={"name": "another"})])
    figures = read_training(model)["measurements"]
    assert [figure["value"] for figure in figures] == [4.5, 2.5, 6.5]


def test_figures_of_other_samples_stand_beside_each_other(model: Path) -> None:
    without = {"sampling": {"seed": 3, "conditions": []}}
    record(model, [fid(1.0)])
    record(model, [fid(9.0, **without)])
    record(model, [fid(8.0, sampling={"seed": 4, "conditions": []})])
    assert [item["value"] for item in read_training(model)["measurements"]] == [1.0, 8.0]


def test_figures_of_samples_under_other_weights_stand_beside_each_other(model: Path) -> None:
    def sampling(**weights: float) -> dict[str, Any]:
        return {"sampling": {"seed": 3, "conditions": ["label", "text"], "weights": weights}}

    plain = {"sampling": {"seed": 3, "conditions": ["label", "text"]}}
    record(model, [fid(1.0, **plain), fid(2.0, **sampling(label=2.0))])
    record(model, [fid(3.0, **sampling(label=2.0, text=0.5)), fid(4.0, **sampling(label=2.0))])
    figures = read_training(model)["measurements"]
    assert [figure["value"] for figure in figures] == [1.0, 3.0, 4.0]
    words = describe_protocol(figures[1])
    assert "label and text given, weights label 2 and text 0.5" in words
    assert "weights" not in describe_protocol(figures[0])


def test_figures_by_another_judge_stand_beside_each_other(model: Path) -> None:
    judges = [{"name": name, "sha256": sha * 32} for name, sha in (("one", "ab"), ("two", "cd"))]
    record(model, [fid(float(number), judge=judge) for number, judge in enumerate(judges)])
    record(model, [fid(5.0, judge=judges[1])])
    figures = read_training(model)["measurements"]
    assert [figure["value"] for figure in figures] == [0.0, 5.0]
    assert "judged by one (sha256 abababababab)" in describe_protocol(figures[0])


def test_folders_of_this_machine_go_by_their_own_names(model: Path, tmp_path: Path) -> None:
    judge, extractor = tmp_path / "runs" / "judge" / "model", tmp_path / "features"
    for folder in (judge, extractor):
        folder.mkdir(parents=True)
    paths: dict[str, Any] = {
        "extractor": {**PROTOCOL["extractor"], "name": str(extractor)},
        "classifier": {"name": str(judge), "sha256": "cd" * 32},
        "judge": {"name": str(judge), "sha256": "cd" * 32},
        "model": {"name": str(model), "source": "folder"},
    }
    record(model, [fid(2.0, **paths)])
    (figure,) = read_training(model)["measurements"]
    names = {key: figure["protocol"][key]["name"] for key in paths}
    assert names == {
        "extractor": "features",
        "classifier": "judge",
        "judge": "judge",
        "model": model.name,
    }
    assert str(tmp_path) not in (model / "training.json").read_text()


def test_a_model_of_memory_has_no_folder_s_name(model: Path) -> None:
    record(model, [fid(2.0, model={"name": "", "source": "memory"})])
    (figure,) = read_training(model)["measurements"]
    assert figure["protocol"]["model"]["name"] == ""


def test_a_model_without_a_record_gets_one(model: Path) -> None:
    (model / "training.json").unlink()
    assert record(model, [fid(3.5)]) == model / "training.json"
    assert len(training_figures(read_training(model))) == 1


def test_figures_need_a_model(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"holds no model"):
        record(tmp_path, [fid(1)])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "damage", [3, [4], [{"name": "fid"}], [{"name": 3, "value": 1}], [{"value": float("nan")}]]
)
def test_what_is_no_figure_is_left_out(damage: Any) -> None:
    assert training_figures({"measurements": damage}) == ()


def test_figures_of_other_metrics_have_words_too() -> None:
    plain = {"num_images": 30, "protocol": {"data": "mnist", "split": "test", "resize": "none"}}
    assert describe_protocol(plain) == "30 pictures of mnist test"
    judged = {"protocol": {"classifier": {"name": "judge", "sha256": "c" * 64}, "floor": None}}
    assert describe_protocol(judged) == "pictures; judged by judge (sha256 cccccccccccc)"
    assert describe_protocol({"protocol": 3}) == "pictures"
