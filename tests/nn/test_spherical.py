"""Ways between normal vectors."""

import math

import pytest
import torch

from mmgen.nn import spherical


def test_spherical_interpolation_keeps_the_length():
    a, b = torch.tensor([2.0, 0.0]), torch.tensor([0.0, 2.0])
    path = spherical(a, b, torch.linspace(0, 1, 5))
    assert torch.allclose(path.norm(dim=1), torch.full((5,), 2.0))
    same = spherical(a, a, torch.linspace(0, 1, 3))
    assert torch.allclose(same, a.expand(3, 2))
    nothing = spherical(0 * a, 0 * a, torch.linspace(0, 1, 3))
    assert torch.equal(nothing, torch.zeros(3, 2))


def test_the_way_turns_evenly_from_one_end_to_the_other():
    a, b = torch.tensor([3.0, 0.0]), torch.tensor([0.0, 3.0])
    way = spherical(a, b, torch.linspace(0, 1, 5))
    angles = torch.atan2(way[:, 1], way[:, 0])
    assert torch.allclose(angles, torch.linspace(0, math.pi / 2, 5), atol=1e-5)
    maps = spherical(a.view(1, 2, 1), b.view(1, 2, 1), torch.linspace(0, 1, 5))
    assert torch.allclose(maps.flatten(1), way)


@pytest.mark.parametrize("other", [1.0, -1.0, 2.0])
def test_parallel_ends_have_a_way_too(other):
    a = torch.tensor([1.0, 2.0, -1.0])
    way = spherical(a, other * a, torch.linspace(0, 1, 3))
    assert way.isfinite().all()
    assert torch.allclose(way[-1], other * a, atol=1e-5)
