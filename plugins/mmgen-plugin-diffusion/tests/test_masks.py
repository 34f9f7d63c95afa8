"""Masks to learn from, and what is seen of a picture with a hole."""

import torch
from mmgen_plugin_diffusion.masks import random_masks, shrink, with_even_hole, without_hole

from mmgen.interfaces import CounterNoise


def test_masks_leave_something_and_take_something():
    masks = random_masks(CounterNoise(0, range(200)), (16, 24), torch.arange(200))
    assert masks.shape == (200, 1, 16, 24)
    assert set(masks.unique().tolist()) == {0.0, 1.0}
    share = masks.mean(dim=(1, 2, 3))
    assert (share > 0).all()
    assert (share < 1).all()
    assert 0.3 < share.mean() < 0.7
    assert len(masks.flatten(1).unique(dim=0)) > 190


def test_a_mask_depends_on_its_own_row_alone():
    masks = random_masks(CounterNoise(0, range(8)), (16, 16), torch.arange(8))
    alone = random_masks(CounterNoise(0, [5, 6]), (16, 16), torch.arange(2))
    torch.testing.assert_close(masks[5:7], alone)
    some = random_masks(CounterNoise(0, range(8)), (16, 16), torch.tensor([6, 5]))
    torch.testing.assert_close(some, alone.flip(0))


def test_smaller_masks_are_shares():
    mask = torch.zeros(1, 1, 4, 4)
    mask[..., :2, :1] = 1
    assert torch.equal(shrink(mask, (2, 2)), torch.tensor([[[[0.5, 0], [0, 0]]]]))
    assert shrink(mask, (4, 4)) is mask


def test_holes_are_filled_with_what_says_nothing():
    images, mask = torch.rand(2, 3, 4, 4), torch.zeros(2, 1, 4, 4)
    mask[..., 1:3, 1:3] = 1
    other = torch.where(mask > 0, torch.rand_like(images), images)
    for fill in (without_hole, with_even_hole):
        assert torch.equal(fill(images, mask), fill(other, mask))
        assert torch.equal(fill(images, mask)[..., 0, :], images[..., 0, :])
    known = images.masked_select((mask == 0).expand_as(images)).view(2, 3, -1).mean(dim=2)
    torch.testing.assert_close(with_even_hole(images, mask)[..., 1, 1], known)
