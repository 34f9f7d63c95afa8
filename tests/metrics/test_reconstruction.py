"""Reconstruction error."""

from typing import Any

import pytest
import torch

from mmgen.data import PictureData
from mmgen.errors import UnsupportedOperationError
from mmgen.metrics import ReconstructionOptions
from mmgen.metrics.reconstruction import reconstruction_error


@pytest.mark.parametrize("batch_size", [4, 100])
def test_mse_and_psnr_are_means_over_pictures(
    coin: Any, grey: PictureData, batch_size: int
) -> None:
    options = ReconstructionOptions(batch_size=batch_size)
    mse, psnr = reconstruction_error(coin, grey, options)
    pixels = grey.images[:].double() / 255
    each = (0.1 * pixels).square().mean(dim=(1, 2, 3))
    assert mse.value == pytest.approx(float(each.mean()), rel=1e-5)
    assert psnr.value == pytest.approx(float((-10 * each.log10()).mean()), rel=1e-5)
    assert psnr.unit == "dB"


def test_a_perfect_picture_counts_as_100_db(coin: Any) -> None:
    black = PictureData(images=torch.zeros(2, 1, 4, 4, dtype=torch.uint8))
    mse, psnr = reconstruction_error(coin, black, ReconstructionOptions())
    assert mse.value == 0
    assert psnr.value == pytest.approx(100)


def test_a_model_that_cannot_reconstruct_is_refused(mute: Any, grey: PictureData) -> None:
    with pytest.raises(UnsupportedOperationError, match="reconstruction needs a model"):
        reconstruction_error(mute, grey, ReconstructionOptions())
