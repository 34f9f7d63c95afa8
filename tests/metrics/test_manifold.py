"""Precision, recall, density, coverage: known cases, and what each is there to show."""

import pytest
import torch
from torch import Tensor

from mmgen.errors import DataError
from mmgen.metrics import manifold
from mmgen.metrics.manifold import (
    ManifoldScores,
    manifold_scores,
    mean_distances,
    nearest_neighbours,
    neighbour_radii,
    squared_distances,
)


def cloud(count: int, seed: int, dimension: int = 4) -> Tensor:
    return torch.randn(count, dimension, generator=torch.Generator().manual_seed(seed))


def means(scores: ManifoldScores) -> dict[str, float]:
    return {name: float(values.mean()) for name, values in vars(scores).items()}


def test_the_shares_of_a_case_that_can_be_counted() -> None:
    real = torch.tensor([[0.0], [1.0], [3.0], [10.0]])
    made = torch.tensor([[0.5], [2.9], [30.0]])
    # Radii with k = 1: real 1, 1, 2, 7; drawn 2.4, 2.4, 27.1.
    found = manifold_scores(real, made, k=1, density_k=1)
    assert found.precision.tolist() == [1, 1, 0]
    assert found.density.tolist() == [2, 1, 0]
    assert found.recall.tolist() == [1, 1, 1, 1]
    assert found.coverage.tolist() == [1, 1, 1, 0]


def test_the_same_kind_scores_high_on_all_four() -> None:
    found = means(manifold_scores(cloud(300, 1), cloud(300, 2)))
    assert found["precision"] > 0.7
    assert found["recall"] > 0.7
    assert found["density"] == pytest.approx(1, abs=0.15)
    assert found["coverage"] > 0.9


def test_a_collapsed_generator_is_precise_and_covers_nothing() -> None:
    real = cloud(300, 1)
    middle = real[real.norm(dim=1).argmin()]
    made = middle + 0.01 * cloud(300, 2)
    found = means(manifold_scores(real, made))
    assert found["precision"] > 0.99
    assert found["density"] > 1
    assert found["coverage"] < 0.2
    assert found["recall"] < 0.05


def test_noise_is_neither_precise_nor_dense() -> None:
    found = means(manifold_scores(cloud(300, 1), 10 * cloud(300, 2)))
    assert found["precision"] < 0.15
    assert found["density"] < 0.15


def test_blocks_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    real, made = cloud(50, 1), cloud(40, 2)
    whole, near = manifold_scores(real, made), nearest_neighbours(made, real)
    spread = mean_distances(real)
    monkeypatch.setattr(manifold, "_BLOCK", 150)
    again = manifold_scores(real, made)
    for name, values in vars(whole).items():
        assert torch.equal(getattr(again, name), values), name
    assert torch.equal(nearest_neighbours(made, real)[1], near[1])
    assert torch.allclose(mean_distances(real), spread)


def test_distances_are_those_of_torch() -> None:
    a, b = cloud(30, 1) + 1000, cloud(20, 2) + 1000
    expected = torch.cdist(a.double(), b.double(), compute_mode="donot_use_mm_for_euclid_dist")
    assert torch.allclose(squared_distances(a, b).sqrt(), expected, rtol=1e-9)
    distances, rows = nearest_neighbours(a, b)
    assert torch.allclose(distances, expected.min(dim=1).values)
    assert torch.equal(rows, expected.argmin(dim=1))
    within = torch.cdist(a.double(), a.double())
    assert torch.allclose(mean_distances(a), within.sum(dim=1) / 29, rtol=1e-6)
    kth = within.topk(4, largest=False).values[:, 3]
    assert torch.allclose(neighbour_radii(a, (1, 3))[1].sqrt(), kth, rtol=1e-6)


def test_too_few_pictures_are_refused_in_words() -> None:
    with pytest.raises(DataError, match=r"needs more than 5 pictures a side; got 5.*smaller k"):
        manifold_scores(cloud(5, 1), cloud(50, 2))
    with pytest.raises(DataError, match="needs more than 3 pictures"):
        manifold_scores(cloud(50, 1), cloud(3, 2))
    with pytest.raises(DataError, match="same dimension; got 4 and 3"):
        manifold_scores(cloud(50, 1), cloud(50, 2, dimension=3))
