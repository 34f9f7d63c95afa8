"""Reconstruction error."""

import sys
from typing import Any

import pytest
import torch

from mmgen.data import PictureData
from mmgen.errors import MmgenWarning, UnsupportedOperationError
from mmgen.interfaces import Generator, Noise
from mmgen.metrics import ReconstructionOptions
from mmgen.metrics.reconstruction import reconstruction_error
from mmgen.metrics.similarity import structural_similarity
from mmgen.options import Options
from mmgen.slots import Size


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


class Blur(Generator):
    """Gives pictures back half as bright."""

    @property
    def size(self) -> Size:
        return Size(channels=1, height=12, width=12)

    def sample(self, condition: Any, rng: Noise, options: Any) -> torch.Tensor:
        return rng.uniform((1, 12, 12))

    def reconstruct(self, images: torch.Tensor, **conditions: Any) -> torch.Tensor:
        return images / 2


@pytest.fixture
def large() -> PictureData:
    """Five pictures large enough for a structural similarity."""
    generator = torch.Generator().manual_seed(1)
    return PictureData(images=torch.randint(0, 256, (5, 1, 12, 12), generator=generator).byte())


@pytest.mark.parametrize("batch_size", [2, 100])
def test_large_pictures_have_a_structural_similarity(large: PictureData, batch_size: int) -> None:
    options = ReconstructionOptions(batch_size=batch_size)
    *_, ssim = reconstruction_error(Blur(Options()), large, options)
    images = large.images[:].double() / 255
    expected = float(structural_similarity(images / 2, images).mean())
    assert ssim.name == "ssim"
    assert ssim.value == pytest.approx(expected, rel=1e-5)
    assert ssim.interval is not None
    assert ssim.interval[0] < ssim.value < ssim.interval[1]


def test_without_torchmetrics_it_is_left_out(
    large: PictureData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torchmetrics.functional.image", None)
    with pytest.warns(MmgenWarning, match=r"ssim is left out.*mmgen-core\[metrics\]"):
        found = reconstruction_error(Blur(Options()), large, ReconstructionOptions())
    assert [result.name for result in found] == ["mse", "psnr"]
