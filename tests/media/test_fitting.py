"""Pictures of any size and channels for networks of one size."""

import numpy as np
import pytest
import torch
from PIL import Image

from mmgen.errors import InputError
from mmgen.media.fitting import fit_pictures


def smooth(channels=3, height=40, width=30):
    rows = torch.linspace(0, 1, height)[:, None] * torch.linspace(0.2, 1, width)
    shades = torch.linspace(0.5, 1, channels)[:, None, None]
    return (rows * shades)[None]


def test_pictures_of_the_right_size_are_left_alone():
    images = smooth()
    assert fit_pictures(images, 3, 40, 30) is images


def test_unequal_pictures_become_one_batch():
    images = [smooth()[0], smooth(height=10, width=70)[0]]
    assert fit_pictures(images, 3, 20, 24).shape == (2, 3, 20, 24)


def test_shrinking_averages_like_pillow():
    images = torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    fitted = fit_pictures(images, 1, 16, 16)[0, 0]
    picture = Image.fromarray(images[0, 0].numpy(), "F").resize((16, 16), Image.Resampling.BICUBIC)
    assert np.abs(fitted.numpy() - np.asarray(picture).clip(0, 1)).max() < 0.01


def test_channels_are_converted():
    colour = smooth()
    grey = fit_pictures(colour, 1, 40, 30)
    weights = torch.tensor([0.299, 0.587, 0.114])
    assert torch.allclose(grey[:, 0], torch.einsum("nchw,c->nhw", colour, weights), atol=1e-6)
    assert torch.equal(fit_pictures(grey, 3, 40, 30), grey.expand(-1, 3, -1, -1))
    clear = torch.cat([colour, torch.zeros_like(grey)], dim=1)
    assert torch.equal(fit_pictures(clear, 3, 40, 30), torch.ones_like(colour))


def test_the_range_is_kept():
    edge = (torch.arange(40) % 7 > 3).float().expand(1, 1, 40, 40)
    fitted = fit_pictures(edge, 1, 97, 97)
    assert fitted.min() >= 0
    assert fitted.max() <= 1


@pytest.mark.parametrize(
    "images",
    [[], torch.zeros(3, 4, 4), torch.zeros(1, 2, 4, 4), torch.zeros(1, 3, 4, 4, dtype=torch.uint8)],
)
def test_what_is_no_picture_is_refused_in_words(images):
    with pytest.raises(InputError, match="pictures"):
        fit_pictures(images, 3, 8, 8)
