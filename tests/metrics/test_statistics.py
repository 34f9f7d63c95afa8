"""Mean and covariance, batch by batch."""

import numpy as np
import pytest
import torch

from mmgen.errors import DataError
from mmgen.metrics.statistics import FeatureStatistics, StatisticsStream, gather_statistics


def features(count: int, dimension: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    mixed = torch.randn(dimension, dimension, generator=generator)
    return torch.randn(count, dimension, generator=generator) @ mixed + 100


def covariance(found: FeatureStatistics) -> torch.Tensor:
    root = found.root()
    return root.T @ root


@pytest.mark.parametrize(("count", "dimension"), [(50, 7), (5, 12), (12, 12), (13, 12)])
@pytest.mark.parametrize("batch", [1, 4, 100])
def test_they_are_those_of_numpy_whatever_the_batches(
    count: int, dimension: int, batch: int
) -> None:
    rows = features(count, dimension)
    found = gather_statistics(rows.split(batch))
    expected = np.cov(rows.double().numpy(), rowvar=False)
    assert found.count == count
    assert np.allclose(found.mean, rows.double().mean(dim=0), rtol=1e-12)
    assert np.allclose(covariance(found), expected, rtol=1e-8, atol=1e-8)
    assert found.trace() == pytest.approx(np.trace(expected), rel=1e-9)
    left = features(3, dimension, seed=1).double()
    assert np.allclose(found.sandwich(left), left @ torch.tensor(expected) @ left.T, rtol=1e-8)


def test_the_smaller_of_factor_and_covariance_is_kept() -> None:
    few, many = features(5, 12), features(50, 12)
    assert gather_statistics([few]).covariance is None
    assert gather_statistics([few]).root().shape == (5, 12)
    found = gather_statistics(many.split(10))
    assert found.factor is None
    assert found.root().shape == (12, 12)


def test_memory_does_not_grow_with_the_pictures() -> None:
    stream = StatisticsStream()
    for seed in range(20):
        stream.add(features(10, 6, seed))
    kept = sum(item.numel() for item in vars(stream).values() if isinstance(item, torch.Tensor))
    assert kept <= 6 * 6 + 6
    assert not stream._rows


def test_a_single_picture_has_no_covariance() -> None:
    with pytest.raises(DataError, match="two pictures or more; got 1"):
        gather_statistics([features(1, 3)])
    with pytest.raises(DataError, match="got 0"):
        gather_statistics([])
