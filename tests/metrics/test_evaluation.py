"""`evaluate`: metrics by name, options by name, results as JSON."""

import json
from typing import Any

import pytest

from mmgen.data import PictureData
from mmgen.errors import InputError, OptionError, UnknownNameError
from mmgen.metrics import evaluate


def test_results_are_json_with_their_protocol(coin: Any, binary: PictureData) -> None:
    progress: list[tuple[str, int, int]] = []
    results = evaluate(
        coin,
        binary,
        ["nll", "reconstruction"],
        options={"reconstruction.batch_size": "10", "num_samples": "5"},
        progress=lambda *news: progress.append(news),
    )
    assert [result.name for result in results] == ["nll", "bits-per-dim", "mse", "psnr"]
    assert coin.calls[-1]["num_samples"] == 5
    assert coin.calls[-1]["batch_size"] is None
    data = json.loads(json.dumps([result.to_dict() for result in results]))
    assert data[0]["protocol"]["fingerprint"] == binary.fingerprint
    assert data[0]["protocol"]["split"] == "train"
    assert progress == [("reconstruction", done, 30) for done in (10, 20, 30)]
    assert str(results[0]).startswith("nll ")


def test_an_option_goes_to_all_metrics_that_have_it(coin: Any, binary: PictureData) -> None:
    results = evaluate(coin, binary, ["nll", "reconstruction"], options={"num_images": 12})
    assert {result.num_images for result in results} == {12}


@pytest.mark.parametrize("key", ["num_sample", "nll.num_sample", "reconstruction.seed", "fid.seed"])
def test_an_option_that_no_metric_has_is_refused(coin: Any, binary: PictureData, key: str) -> None:
    with pytest.raises(OptionError, match=f"unknown option '{key}'"):
        evaluate(coin, binary, ["nll", "reconstruction"], options={key: 1})


def test_an_unknown_metric_is_guessed_and_none_is_refused(coin: Any, binary: PictureData) -> None:
    with pytest.raises(UnknownNameError, match=r"did you mean 'nll'"):
        evaluate(coin, binary, ["nl"])
    with pytest.raises(InputError, match="at least one metric"):
        evaluate(coin, binary, [])
