"""Fréchet and kernel distance: golden figures, scipy's matrix root, torchmetrics."""

from typing import Any

import numpy as np
import pytest
import scipy.linalg
import torch
from torch import Tensor
from torchmetrics.image.kid import poly_mmd

from mmgen.errors import DataError
from mmgen.metrics import distances
from mmgen.metrics.bootstrap import linear_interval
from mmgen.metrics.distances import frechet_distance, frechet_influence, kernel_distances
from mmgen.metrics.statistics import gather_statistics


def pair(count: int, dimension: int) -> tuple[Tensor, Tensor]:
    random = np.random.RandomState(2023)
    a, b = random.randn(count, dimension), random.randn(count, dimension)
    return torch.from_numpy(a), torch.from_numpy(b)


def correlated(count: int, dimension: int, seed: int, shift: float = 0.0) -> Tensor:
    random = np.random.RandomState(seed)
    mixed = np.random.RandomState(9).randn(dimension, dimension) / dimension**0.5
    return torch.from_numpy(random.randn(count, dimension) @ mixed + shift)


def distance(a: Tensor, b: Tensor) -> float:
    return frechet_distance(gather_statistics([a]), gather_statistics([b]))


def by_scipy(a: Tensor, b: Tensor) -> float:
    first, second = np.cov(a.numpy(), rowvar=False), np.cov(b.numpy(), rowvar=False)
    root: Any = scipy.linalg.sqrtm(first @ second)
    gap = float((a.mean(dim=0) - b.mean(dim=0)).square().sum())
    return gap + float(np.trace(first + second) - 2 * np.trace(root).real)


@pytest.mark.parametrize(
    ("count", "dimension", "expected"),
    [
        (256, 8, 0.124924646508),
        (1024, 64, 2.216407743191),
        (4096, 128, 2.095082825805),
        (32768, 256, 1.014436358484),
    ],
)
def test_golden_frechet_distances(count: int, dimension: int, expected: float) -> None:
    assert distance(*pair(count, dimension)) == pytest.approx(expected, abs=1e-11)


@pytest.mark.parametrize(
    ("count", "other"), [(200, 150), (20, 150), (150, 20), (20, 30), (40, 41), (40, 40)]
)
def test_it_is_that_of_scipys_matrix_root(count: int, other: int) -> None:
    a, b = correlated(count, 40, seed=1), correlated(other, 40, seed=2, shift=0.2)
    assert distance(a, b) == pytest.approx(by_scipy(a, b), rel=1e-6)
    assert distance(b, a) == pytest.approx(distance(a, b), rel=1e-9)


def test_a_set_has_no_distance_to_itself() -> None:
    for count in (10, 80):
        a = correlated(count, 40, seed=1)
        assert distance(a, a) == pytest.approx(0, abs=1e-6)


def test_the_distance_of_gaussians_is_the_known_one() -> None:
    a = torch.tensor([[1.0, 0], [-1, 0], [0, 2], [0, -2]], dtype=torch.float64)
    # Scaled by 3 and moved by 5: |5|² + Σ (3s - s)² over the axes.
    expected = 25 + 4 * float(gather_statistics([a]).trace())
    moved = 3 * a + torch.tensor([3.0, 4.0])
    assert distance(a, moved) == pytest.approx(expected)


def test_the_distance_to_its_own_kind_falls_with_the_number_of_pictures() -> None:
    real = correlated(5000, 16, seed=0)
    found = [distance(real, correlated(count, 16, seed=1)) for count in (50, 200, 800, 3200)]
    assert found == sorted(found, reverse=True)
    assert found[0] > 20 * found[-1]


@pytest.mark.parametrize(("real_count", "count"), [(300, 200), (300, 30), (30, 200), (30, 35)])
def test_the_influence_is_the_derivative(real_count: int, count: int) -> None:
    real = gather_statistics([correlated(real_count, 40, seed=1)])
    made = correlated(count, 40, seed=2, shift=0.1)
    influence = frechet_influence(real, gather_statistics([made]), made)
    assert float(influence.mean()) == pytest.approx(0, abs=1e-9)
    # The derivative by one picture's weight, from weighted statistics themselves.
    for index in (0, count - 1):
        expected = weighted(real, made, index, 1e-4) - weighted(real, made, index, -1e-4)
        centre = float(influence[index])
        assert centre == pytest.approx(expected / 2e-4, rel=1e-3, abs=1e-3)


def weighted(real: Any, made: Tensor, index: int, more: float) -> float:
    """The distance where one picture's weight is raised by `more`, all others lowered."""
    count = len(made)
    weights = torch.full((count,), (1 - more) / count, dtype=torch.float64)
    weights[index] += more
    mean = weights @ made
    centred = (made - mean) * (weights * count / (count - 1)).sqrt()[:, None]
    values = torch.linalg.svdvals(real.root() @ centred.T)
    gap = float((mean - real.mean).square().sum())
    return gap + real.trace() + float(centred.square().sum()) - 2 * float(values.sum())


def test_the_interval_is_as_wide_as_the_distance_varies() -> None:
    real = gather_statistics([correlated(4000, 16, seed=100)])
    drawn = [correlated(400, 16, seed=seed, shift=0.3) for seed in range(30)]
    found = torch.tensor([frechet_distance(real, gather_statistics([made])) for made in drawn])
    influence = frechet_influence(real, gather_statistics([drawn[0]]), drawn[0])
    low, high = linear_interval(float(found[0]), influence)
    assert high - low == pytest.approx(2 * 1.96 * float(found.std()), rel=0.35)
    assert low < float(found[0]) < high


def test_golden_kernel_distance() -> None:
    a, b = pair(2000, 64)
    found = kernel_distances(a, b + 0.1)
    assert len(found) == 100
    assert float(found.mean()) == pytest.approx(0.02561496625, abs=1e-11)
    assert float(found.std(correction=0)) == pytest.approx(0.00213944, abs=1e-8)


def test_both_ways_agree_with_torchmetrics(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = pair(60, 5)
    whole = kernel_distances(a, b, subsets=20, subset_size=30, seed=3)
    monkeypatch.setattr(distances, "_BLOCK", 500)
    assert torch.allclose(kernel_distances(a, b, subsets=20, subset_size=30, seed=3), whole)
    monkeypatch.setattr(distances, "_of_whole", distances._of_subsets)
    monkeypatch.setattr(distances, "_indicators", None)
    each = kernel_distances(a, b, subsets=20, subset_size=30, seed=3)
    assert torch.allclose(each, whole, rtol=1e-9, atol=1e-12)
    all_of_them = kernel_distances(a, b, subsets=1, subset_size=60)
    assert float(all_of_them) == pytest.approx(float(poly_mmd(a, b)), rel=1e-9)


def test_few_small_subsets_of_many_pictures_take_their_own_kernels() -> None:
    a, b = pair(400, 3)
    few = kernel_distances(a, b, subsets=2, subset_size=10, seed=3)
    many = kernel_distances(a, b, subsets=2000, subset_size=10, seed=3)[:2]
    assert torch.allclose(few, many, rtol=1e-9, atol=1e-12)


def test_of_one_kind_it_is_zero_on_average() -> None:
    real, same = correlated(600, 8, seed=1), correlated(600, 8, seed=2)
    values = kernel_distances(real, same, subset_size=300)
    assert abs(float(values.mean())) < float(values.std())
    moved = kernel_distances(real, same + 1, subset_size=300)
    assert float(moved.mean()) > 0.5


def test_what_cannot_be_compared_is_refused_in_words() -> None:
    a, b = pair(10, 4)
    with pytest.raises(DataError, match=r"same dimension; got 4 and 3"):
        distance(a, b[:, :3])
    with pytest.raises(DataError, match="same dimension"):
        frechet_influence(gather_statistics([a]), gather_statistics([b[:, :3]]), b[:, :3])
    with pytest.raises(DataError, match="same dimension"):
        kernel_distances(a, b[:, :3], subset_size=4)
    with pytest.raises(DataError, match=r"as there are, 10; got subset_size 1000"):
        kernel_distances(a, b)
