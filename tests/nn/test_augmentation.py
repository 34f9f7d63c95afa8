"""Random changes of pictures."""

import math

import pytest
import torch

from mmgen.interfaces import CounterNoise, TrainingNoise
from mmgen.nn import (
    change_pictures,
    random_affine,
    random_colour,
    random_crop,
    random_erase,
)
from mmgen.picture_options import PictureChanges


def pictures(rows=6, channels=3, height=12, width=16):
    generator = torch.Generator().manual_seed(0)
    return torch.rand(rows, channels, height, width, generator=generator)


def rng(rows=6, seed=0):
    return CounterNoise(seed, range(rows))


class Fixed:
    """Noise that is the same number everywhere."""

    def __init__(self, rows, *values):
        self.rows, self.values = rows, values

    def uniform(self, shape, *, stream="", step=0):
        row = torch.tensor(self.values) if self.values else torch.zeros(shape[0])
        return row.view(1, *shape).expand(self.rows, *shape)


@pytest.mark.parametrize(
    "change",
    [
        lambda images, noise: random_affine(images, noise),
        lambda images, noise: random_colour(images, noise),
        lambda images, noise: random_erase(images, noise, probability=0.0),
        lambda images, noise: change_pictures(images, noise, PictureChanges()),
    ],
)
def test_nothing_asked_nothing_done(change):
    images = pictures()
    assert change(images, rng()) is images


@pytest.mark.parametrize(
    "change",
    [
        lambda images, noise: random_affine(images, noise, shift=0.2, rotate=20, zoom=1.3),
        lambda images, noise: random_colour(images, noise, brightness=0.3, saturation=0.5),
        lambda images, noise: random_erase(images, noise, probability=0.7),
    ],
)
def test_each_picture_has_a_change_of_its_own(change):
    images = pictures(1).expand(6, -1, -1, -1)
    changed = change(images, rng())
    assert changed.shape == images.shape
    assert (changed >= 0).all()
    assert (changed <= 1).all()
    assert len({tuple(picture.flatten().tolist()) for picture in changed}) > 2
    assert torch.equal(changed, change(images, rng()))
    assert torch.allclose(changed[2:4], change(images[2:4], CounterNoise(0, [2, 3])), atol=1e-6)


def test_a_shift_moves_by_whole_pixels():
    """Noise of 1 moves by the full share to the right in the picture: contents go left."""
    images = pictures(2)
    moved = random_affine(images, Fixed(2, 1.0, 0.5, 0.5, 0.5, 0.5, 0.5), shift=0.25)
    assert torch.allclose(moved[..., :12], images[..., 4:], atol=1e-5)
    assert torch.allclose(moved[..., 12:], images[..., 12:].flip(-1), atol=1e-5)


def test_a_quarter_turn_is_a_quarter_turn():
    images = pictures(2, height=8, width=8)
    turned = random_affine(images, Fixed(2, 0.5, 0.5, 1.0, 0.5, 0.5, 0.5), rotate=90)
    assert torch.allclose(turned, images.rot90(1, (2, 3)), atol=1e-4)


def test_angles_are_kept_in_pictures_that_are_not_square():
    """Half a turn is the picture upside down, whatever its shape."""
    images = pictures(2)
    turned = random_affine(images, Fixed(2, 0.5, 0.5, 1.0, 0.5, 0.5, 0.5), rotate=180)
    assert torch.allclose(turned, images.flip((2, 3)), atol=1e-4)
    square = torch.zeros(1, 1, 30, 60)
    square[..., 10:20, 25:35] = 1
    slanted = random_affine(square, Fixed(1, 0.5, 0.5, 1.0, 0.5, 0.5, 0.5), rotate=45)
    assert slanted[..., 20:40].sum().item() == pytest.approx(100, rel=0.03)


def test_half_of_the_pictures_are_mirrored():
    images = pictures(1).expand(400, -1, -1, -1)
    changed = random_affine(images, rng(400), flip=True)
    mirrored = [torch.allclose(one, images[0].flip(-1), atol=1e-5) for one in changed]
    kept = [torch.allclose(one, images[0], atol=1e-5) for one in changed]
    assert all(a != b for a, b in zip(mirrored, kept, strict=True))
    assert sum(mirrored) == pytest.approx(200, abs=4 * math.sqrt(100))


def test_zoom_enlarges_or_shrinks_by_the_factor_at_most():
    square = torch.zeros(1, 1, 32, 32)
    square[..., 12:20, 12:20] = 1
    for noise, side in ((0.0, 16), (1.0, 4)):
        zoomed = random_affine(square, Fixed(1, 0.5, 0.5, 0.5, noise, 0.5, 0.5), zoom=2)
        assert zoomed[..., 6:26, 6:26].sum().item() == pytest.approx(side**2, rel=0.1)


def test_the_largest_draw_stays_inside():
    images = pictures(2)
    assert torch.equal(random_crop(images, Fixed(2, 1.0, 1.0), side=5), images[..., 7:, 11:])


def test_a_crop_is_a_window_and_all_places_are_as_likely():
    places = torch.arange(5 * 6).view(1, 1, 5, 6).expand(3000, 2, -1, -1)
    windows = random_crop(places, rng(3000), side=3)
    assert windows.shape == (3000, 2, 3, 3)
    corner = windows[:, :1, :1, :1]
    expected = corner + torch.arange(3)[:, None] * 6 + torch.arange(3)
    assert torch.equal(windows, expected.expand(-1, 2, -1, -1))
    counts = corner.flatten().bincount(minlength=30).view(5, 6)
    assert counts[:3, :4].min() > 180  # of 250
    assert counts[:3, :4].sum() == 3000


def test_tones_change_as_told():
    grey = torch.full((1, 3, 2, 2), 0.5)
    lifted = random_colour(grey, Fixed(1, 1.0, 0.5, 0.5), brightness=0.2)
    assert torch.allclose(lifted, torch.tensor(0.7))
    images = pictures(1)
    flat = random_colour(images, Fixed(1, 0.5, 0.0, 0.5), contrast=1.0)
    assert torch.allclose(flat, images.mean(), atol=1e-6)
    pale = random_colour(images, Fixed(1, 0.5, 0.5, 0.0), saturation=1.0)
    assert torch.allclose(pale, images.mean(dim=1, keepdim=True).expand_as(images), atol=1e-6)


def test_erased_is_one_rectangle_of_the_paper_s_size():
    images = torch.full((200, 1, 40, 40), 2.0)  # no noise has this value
    erased = random_erase(images, rng(200), probability=0.5)[:, 0] != 2
    areas = erased.float().mean(dim=(1, 2))
    chosen = areas > 0
    assert chosen.float().mean() == pytest.approx(0.5, abs=0.15)
    assert areas[chosen].min() >= 0.01
    assert areas.max() <= 0.36
    rows, columns = erased.any(dim=2), erased.any(dim=1)
    assert torch.equal(erased, rows[:, :, None] & columns[:, None, :])


PLACES = {"shift": 0.2, "rotate": 20.0, "zoom": 1.3, "stretch": 1.2, "flip": True}
TONES = {"brightness": 0.3, "contrast": 0.5, "saturation": 0.4}


@pytest.mark.parametrize("crop", [None, 7])
def test_pictures_are_moved_then_cut_then_recoloured_then_erased(crop):
    """The numbers are drawn in that order too, so that a training can be made again."""
    images, noise = pictures(), TrainingNoise(6)
    options = PictureChanges(**PLACES, **TONES, erase=0.7)
    torch.manual_seed(0)
    changed = change_pictures(images, noise, options, crop=crop)
    torch.manual_seed(0)
    expected = random_affine(images, noise, **PLACES)
    if crop:
        expected = random_crop(expected, noise, side=crop)
    expected = random_erase(random_colour(expected, noise, **TONES), noise, probability=0.7)
    assert torch.equal(changed, expected)


@pytest.mark.parametrize(("name", "value"), [*PLACES.items(), *TONES.items(), ("erase", 0.7)])
def test_every_option_changes_pictures(name, value):
    changed = change_pictures(pictures(), rng(), PictureChanges(**{name: value}))
    assert not torch.isclose(changed, pictures()).all()


def test_gradients_reach_the_pictures():
    images = pictures().requires_grad_()
    changed = random_affine(images, rng(), shift=0.1, zoom=1.2)
    random_colour(changed, rng(), contrast=0.2).square().sum().backward()
    assert (images.grad.abs().sum(dim=(1, 2, 3)) > 0).all()
