"""Times to learn from, and times to go through."""

import pytest
import torch
from mmgen_plugin_diffusion.options import DiffusionTraining
from mmgen_plugin_diffusion.times import sampling_times, spread, training_times


def test_a_batch_covers_the_interval_evenly():
    found = spread(torch.rand(64, generator=torch.Generator().manual_seed(0)))
    assert torch.equal((found * 64).floor().sort().values, torch.arange(64.0))


def test_logit_normal_times_favour_the_middle():
    shares = (torch.arange(10_000) + 0.5) / 10_000
    times = training_times(shares, DiffusionTraining(), "flow")
    logits = torch.logit(times.double())
    torch.testing.assert_close(logits.mean(), logits.new_tensor(0.0), atol=1e-3, rtol=0)
    torch.testing.assert_close(logits.std(), logits.new_tensor(1.0), atol=1e-2, rtol=0)
    late = training_times(shares, DiffusionTraining(times_mean=1.0), "flow")
    assert (late > times).all()


@pytest.mark.parametrize("std", [0.5, 2.0])
def test_how_far_times_lie_apart_is_as_told(std):
    shares = torch.tensor([0.05, 0.3, 0.5, 0.9], dtype=torch.float64)
    times = training_times(shares, DiffusionTraining(times_mean=0.2, times_std=std), "flow")
    torch.testing.assert_close(torch.logit(times), 0.2 + std * torch.special.ndtri(shares))


def test_uniform_times_are_the_shares():
    shares = torch.tensor([0.1, 0.6])
    torch.testing.assert_close(
        training_times(shares, DiffusionTraining(times="uniform"), "flow"), shares
    )


def test_times_fall_from_the_start_to_nothing():
    assert sampling_times(4, start=1.0, shift=1.0) == [1.0, 0.75, 0.5, 0.25, 0.0]
    assert sampling_times(2, start=0.6, shift=1.0) == pytest.approx([0.6, 0.3, 0.0])


def test_a_shift_spends_more_steps_near_noise():
    """Esser et al. 2024, equation 23."""
    found = sampling_times(4, start=1.0, shift=3.0)
    assert found == pytest.approx([1.0, 0.9, 0.75, 0.5, 0.0])
