"""Intervals: they hold the truth as often as they say."""

import pytest
import torch

from mmgen.metrics.bootstrap import (
    linear_interval,
    mean_interval,
    resample,
    resampled_means,
    share_interval,
)


def numbers(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_weights_are_draws_with_repetition() -> None:
    blocks = torch.cat(list(resample(40, 30, seed=1)))
    assert blocks.shape == (30, 40)
    assert torch.allclose(blocks.sum(dim=1), torch.ones(30, dtype=torch.float64))
    assert torch.equal((blocks * 40).round(), blocks * 40)
    assert (blocks == 0).float().mean() == pytest.approx(0.37, abs=0.03)


def test_the_interval_of_a_mean_is_as_wide_as_theory_says() -> None:
    values = numbers(400)
    low, high = mean_interval(values)
    width = 2 * 1.96 * float(values.std()) / 20
    assert high - low == pytest.approx(width, rel=0.1)
    assert low < float(values.mean()) < high
    assert mean_interval(values) == (low, high)
    assert mean_interval(values, seed=1) != (low, high)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    intervals = [mean_interval(numbers(60, seed=seed), resamples=200) for seed in range(100)]
    assert 88 <= sum(low < 0 < high for low, high in intervals) <= 99


def test_sets_that_both_count_add_their_variances() -> None:
    a, b = numbers(300, seed=1), 2 * numbers(200, seed=2) + 5
    low, high = linear_interval(7.0, a, b)
    error = (float(a.var()) / 300 + float(b.var()) / 200) ** 0.5
    assert high - low == pytest.approx(2 * 1.96 * error, rel=0.1)
    assert (low + high) / 2 == pytest.approx(7, abs=0.1)


def test_blocks_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    values = numbers(50)
    whole = resampled_means(values, 20)
    monkeypatch.setattr("mmgen.metrics.bootstrap._BLOCK", 150)
    assert torch.allclose(resampled_means(values, 20), whole)


def test_the_interval_of_a_share_is_wilsons() -> None:
    low, high = share_interval(torch.tensor([1.0] * 8 + [0.0] * 2))
    assert (low, high) == pytest.approx((0.4901625, 0.9433178), abs=1e-6)
    assert share_interval(torch.ones(36))[0] == pytest.approx(0.9035814, abs=1e-6)
    assert share_interval(torch.ones(36))[1] == 1
    assert share_interval(torch.zeros(36))[0] == 0
    assert share_interval(torch.zeros(36))[1] == pytest.approx(1 - 0.9035814, abs=1e-6)
