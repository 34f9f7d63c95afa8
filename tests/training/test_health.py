"""Signs that a training goes wrong."""

import torch

from mmgen.training.health import ExplosionWatch, all_finite, first_not_finite, warn_if_alike


def test_first_not_finite_finds_nan_and_infinity() -> None:
    assert first_not_finite([1.0, 2.0]) is None
    assert first_not_finite([1.0, float("inf"), float("nan")]) == 1


def test_all_finite_sees_a_single_bad_weight() -> None:
    weights = [torch.ones(3, 3), torch.zeros(2, dtype=torch.int64), torch.zeros(0)]
    assert all_finite(weights)
    for bad in ("nan", "inf", "-inf"):
        weights[0][1, 2] = float(bad)
        assert not all_finite(weights)


def test_an_exploding_loss_is_warned_of_once() -> None:
    watch = ExplosionWatch()
    for loss in (90.0, 88.0, 87.5, 87.0, 86.0, 89.0):
        assert watch.add(loss) == ""
    assert "rose from 89 to 5000" in watch.add(5000.0)
    assert watch.add(9000.0) == ""


def test_an_ordinary_bump_is_no_explosion() -> None:
    watch = ExplosionWatch()
    assert not any(watch.add(loss) for loss in (5.0, 1.0, 0.9, 0.8, 0.9, 1.5, 0.8, 2.0))


def test_samples_that_are_all_alike_are_warned_of() -> None:
    assert "look alike" in warn_if_alike(torch.rand(1, 1, 4, 4).expand(9, 1, 4, 4))
    assert warn_if_alike(torch.rand(9, 1, 4, 4)) == ""
    assert warn_if_alike(torch.rand(1, 1, 4, 4)) == ""
