"""Scaling and cutting to one size."""

import numpy as np
import pytest
from PIL import Image

from mmgen.data.fitting import fit, to_array, to_picture


def stripes() -> Image.Image:
    """A picture twice as wide as high: black, white in the middle half, black."""
    pixels = np.zeros((40, 80), np.uint8)
    pixels[:, 20:60] = 255
    return Image.fromarray(pixels)


def test_center_crop_keeps_the_middle_with_its_proportions() -> None:
    # The filter reaches a little beyond the edge, as it does everywhere in a picture.
    assert np.asarray(fit(stripes(), 10, 10, crop="center")).min() > 230


def test_no_crop_keeps_everything() -> None:
    fitted = np.asarray(fit(stripes(), 16, 16, crop="none"))
    assert fitted[:, 0].max() < 5
    assert fitted[:, 8].min() > 250


def test_a_picture_of_the_right_size_is_not_touched() -> None:
    picture = stripes()
    assert fit(picture, 40, 80, crop="center") is picture


def test_shrinking_averages() -> None:
    checks = Image.fromarray((np.indices((64, 64)).sum(0) % 2 * 255).astype(np.uint8))
    assert np.allclose(np.asarray(fit(checks, 8, 8, crop="center")), 127.5, atol=3)


def test_invisible_colours_do_not_bleed_into_visible_ones() -> None:
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[:, :4] = (255, 0, 0, 0)  # clear red
    pixels[:, 4:] = (0, 0, 255, 255)  # solid blue
    fitted = np.asarray(fit(Image.fromarray(pixels), 3, 3, crop="center"))
    visible = fitted[fitted[..., 3] > 0]
    assert visible[:, 0].max() <= 1


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_array_and_picture_are_inverse(channels: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (channels, 5, 7), dtype=np.uint8)
    assert np.array_equal(to_array(to_picture(pixels)), pixels)
