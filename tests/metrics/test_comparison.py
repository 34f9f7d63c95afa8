"""Models side by side: the same data and options for all, and what was not the same."""

from pathlib import Path
from typing import Any

import pytest
from bars import Eye, Painter, bars

from mmgen.data import PictureData
from mmgen.errors import DataError, InputError, MmgenWarning, OptionError
from mmgen.metrics.comparison import compare


def test_every_model_is_measured_on_the_same_pictures(
    coin: Any, mute: Any, binary: PictureData
) -> None:
    heard: list[tuple[str, int, int]] = []
    found = compare(
        [coin, mute],
        binary,
        ["reconstruction", "nll"],
        options={"num_images": 20, "nll.num_samples": 3},
        num_samples=6,
        progress=lambda *what: heard.append(what),
    )
    first, second = found.contestants
    assert (first.architecture, second.architecture) == ("Coin", "Mute")
    assert first.figure("mse").num_images == 20
    assert first.figure("nll").num_images == 20
    assert coin.calls[-1]["num_samples"] == 3
    assert second.results == ()
    assert set(second.refusals) == {"reconstruction", "nll"}
    assert "log_likelihood" in second.refusals["nll"]
    assert [len(one.samples) for one in found.contestants] == [6, 6]
    assert first.pictures_per_second > 0
    assert found.figure_names[0] == "mse"
    assert "nll" in found.figure_names
    assert any(name == "Coin: reconstruction" for name, _, _ in heard)
    assert found.differences() == []


def test_figures_under_different_protocols_are_told_apart(
    coin: Any, grey_coin: Any, binary: PictureData
) -> None:
    grey_coin.identity = type(grey_coin.identity)(architecture="grey-coin")
    found = compare([coin, grey_coin], binary, ["nll"])
    assert (
        "nll is not under one protocol: data_space is binary for Coin, 8-bit for grey-coin"
        in found.differences()
    )
    assert found.to_dict()["differences"] == found.differences()
    assert not any("model is" in line for line in found.differences())


@pytest.mark.filterwarnings("ignore::mmgen.errors.MmgenWarning")
def test_what_was_measured_is_no_other_protocol(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setattr("mmgen.metrics.workbench.from_pretrained", lambda name, device: Eye())
    models = [Painter(), Painter(known=bars(60).images[:])]
    models[1].identity = type(models[1].identity)(architecture="other")
    models[1].conditioner.pooled_projections["label"].weight.data.mul_(-1)
    metrics = ["kid", "inception-score", "agreement"]
    options = {"extractor": "eye", "classifier": "eye", "conditions": "label", "splits": 2}
    found = compare(models, bars(60), metrics, options=options)
    first, second = (one.figure("kid").protocol for one in found.contestants)
    assert first["subset_deviation"] != second["subset_deviation"]
    first, second = (one.figure("variety").protocol for one in found.contestants)
    assert first["lowest"] != second["lowest"]
    assert found.differences() == []


def test_data_that_does_not_suit_one_model_costs_its_figures_alone(
    coin: Any, grey_coin: Any, grey: PictureData
) -> None:
    grey_coin.identity = type(grey_coin.identity)(architecture="grey-coin")
    found = compare([grey_coin, coin], grey, ["nll"])
    first, second = found.contestants
    assert first.figure("nll") is not None
    assert second.results == ()
    assert "binary pictures" in second.refusals["nll"]


def test_what_is_wrong_for_all_is_an_error(coin: Any, mute: Any, grey: PictureData) -> None:
    with pytest.raises(InputError, match="at least two models, each once; got 1"):
        compare([coin], grey, ["nll"])
    with pytest.raises(InputError, match="got 'Coin' twice"):
        compare([coin, coin], grey, ["nll"])
    with pytest.raises(OptionError, match="unknown option 'speed'"):
        compare([coin, mute], grey, ["nll"], options={"speed": 1})
    with pytest.raises(DataError, match="binary pictures"):
        compare([coin, mute], grey, ["nll"])


def test_networks_and_real_features_serve_all_models(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))  # no statistics of other tests
    eye, loaded = Eye(), []
    monkeypatch.setattr(
        "mmgen.metrics.workbench.from_pretrained",
        lambda name, **_: loaded.append(name) or eye,
    )
    first, second = Painter(), Painter()
    second.identity = type(second.identity)(architecture="other")
    with pytest.warns(MmgenWarning):
        compare([first, second], bars(60), ["fid"], options={"extractor": "eye"})
    assert loaded == ["eye"]
    assert eye.seen == 1 + 4 * 60  # real pictures, those of the floor, and the samples of both
