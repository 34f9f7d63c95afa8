"""Differentiable augmentation."""

import pytest
import torch

from mmgen.interfaces import CounterNoise
from mmgen.nn.diff_augment import POLICIES, diff_augment


def pictures(rows=64, channels=3, height=16, width=24):
    generator = torch.Generator().manual_seed(0)
    return torch.rand(rows, channels, height, width, generator=generator) * 2 - 1


def rng(rows=64):
    return CounterNoise(0, range(rows))


def test_no_policy_no_change():
    images = pictures()
    assert diff_augment(images, rng(), ()) is images


@pytest.mark.parametrize("policy", POLICIES)
def test_each_picture_is_changed_in_its_own_way(policy):
    images = pictures(1).expand(64, -1, -1, -1)
    changed = diff_augment(images, rng(), (policy,))
    assert changed.shape == images.shape
    assert len({tuple(picture.flatten().tolist()) for picture in changed}) > 10
    again = diff_augment(images[5:7], CounterNoise(0, [5, 6]), (policy,))
    assert torch.allclose(changed[5:7], again, atol=1e-6)


@pytest.mark.parametrize("policy", POLICIES)
def test_gradients_reach_every_picture(policy):
    images = pictures().requires_grad_()
    diff_augment(images, rng(), (policy,)).square().sum().backward()
    assert (images.grad.abs().sum(dim=(1, 2, 3)) > 0).all()


def test_a_move_is_of_whole_pixels_and_uncovers_zeros():
    images = pictures()
    moved = diff_augment(images, rng(), ("translation",))
    padded = torch.nn.functional.pad(images, (3, 3, 2, 2))
    found = set()
    for before, after in zip(padded, moved, strict=True):
        places = [
            (row, column)
            for row in range(5)
            for column in range(7)
            if torch.equal(before[:, row : row + 16, column : column + 24], after)
        ]
        assert len(places) == 1
        found.update(places)
    rows, columns = zip(*found, strict=True)
    assert set(rows) == set(range(5))
    assert set(columns) == set(range(7))


def test_a_hole_has_half_the_sides_or_less_at_the_edge():
    cut = diff_augment(torch.ones(300, 1, 16, 24), rng(300), ("cutout",))[:, 0] == 0
    rows, columns = cut.any(dim=2), cut.any(dim=1)
    assert torch.equal(cut, rows[:, :, None] & columns[:, None, :])
    assert rows.sum(dim=1).max() == 8
    assert columns.sum(dim=1).max() == 12
    assert rows.any(dim=0).all()
    assert columns.any(dim=0).all()


def test_colours_stay_in_the_paper_s_range():
    grey = torch.zeros(500, 3, 2, 2)
    lifted = diff_augment(grey, rng(500), ("colour",))
    assert lifted.min() >= -0.5
    assert lifted.max() <= 0.5
    assert lifted[:, 0, 0, 0].std() == pytest.approx(12**-0.5, rel=0.1)
    images = pictures(500)
    changed = diff_augment(images, rng(500), ("colour",))
    spread = changed.std(dim=(1, 2, 3)) / images.std(dim=(1, 2, 3))
    assert spread.min() > 0.2
    assert spread.max() < 3.1
