"""Negative log-likelihood: the figure, its error, its protocol, and what it refuses."""

import math
from typing import Any

import pytest

from mmgen.data import PictureData
from mmgen.errors import DataError, UnsupportedConditionError, UnsupportedOperationError
from mmgen.metrics import LikelihoodOptions
from mmgen.metrics.likelihood import negative_log_likelihood


def test_mean_and_standard_error_in_nats_and_bits(coin: Any, binary: PictureData) -> None:
    nats, bits = negative_log_likelihood(coin, binary, LikelihoodOptions())
    white = (binary.images[:] > 0).double().sum(dim=(1, 2, 3))
    each = -(white * math.log(0.25) + (16 - white) * math.log(0.75))
    assert nats.name == "nll"
    assert nats.unit == "nats/picture"
    assert nats.value == pytest.approx(float(each.mean()))
    assert nats.standard_error == pytest.approx(float(each.std()) / 30**0.5)
    assert nats.num_images == 30
    assert bits.value == pytest.approx(nats.value / 16 / math.log(2))


def test_options_reach_the_model_and_the_protocol(coin: Any, binary: PictureData) -> None:
    options = LikelihoodOptions(
        num_samples=7, refine_steps=2, seed=3, batch_size=5, checkpoint="x.safetensors"
    )
    nats, _ = negative_log_likelihood(coin, binary, options)
    call = coin.calls[-1]
    assert (call["num_samples"], call["refine_steps"]) == (7, 2)
    assert (call["seed"], call["batch_size"]) == (3, 5)
    assert str(call["checkpoint"]) == "x.safetensors"
    assert nats.protocol["data_space"] == "binary"
    assert nats.protocol["kind"] == "exact"


def test_a_binary_model_refuses_grey_pictures_before_the_long_work(
    coin: Any, grey: PictureData
) -> None:
    with pytest.raises(DataError, match=r"binary pictures: pixels must be 0 or 1; grey has grey"):
        negative_log_likelihood(coin, grey, LikelihoodOptions())
    assert [call["images"] for call in coin.calls] == [1]


def test_an_8_bit_model_takes_grey_pictures(grey_coin: Any, grey: PictureData) -> None:
    nats, _ = negative_log_likelihood(grey_coin, grey, LikelihoodOptions(num_images=10))
    assert nats.protocol["data_space"] == "8-bit"
    assert nats.num_images == 10


def test_a_model_without_likelihood_is_refused(mute: Any, binary: PictureData) -> None:
    with pytest.raises(UnsupportedOperationError, match="nll needs a model that says"):
        negative_log_likelihood(mute, binary, LikelihoodOptions())


def test_pictures_of_another_size_are_refused(coin: Any) -> None:
    import torch

    data = PictureData(images=torch.zeros(2, 3, 4, 6, dtype=torch.uint8))
    with pytest.raises(DataError, match=r"4×4 grey; data has 6×4 with 3 channels"):
        negative_log_likelihood(coin, data, LikelihoodOptions())


def test_a_condition_that_the_model_lacks_is_refused(coin: Any, binary: PictureData) -> None:
    with pytest.raises(UnsupportedConditionError, match=r"no slot 'label'.*no conditions"):
        negative_log_likelihood(coin, binary, LikelihoodOptions(conditions=("label",)))
