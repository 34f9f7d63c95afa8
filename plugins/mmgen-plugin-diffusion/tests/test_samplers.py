"""Samplers against data whose best denoiser is known: each number of N(mean, spread²)."""

import pytest
import torch
from mmgen_plugin_diffusion import samplers
from mmgen_plugin_diffusion.config import OBJECTIVES
from mmgen_plugin_diffusion.inpainting import _noisier, repaint
from mmgen_plugin_diffusion.objectives import Prediction, first_time, mix
from mmgen_plugin_diffusion.times import sampling_times

from mmgen.interfaces import CounterNoise

MEAN, SPREAD = 0.7, 0.5


def best(objective):
    """Return E[x | x_t] and E[ε | x_t] of the Gaussian."""

    def predict(noisy, time):
        alpha, sigma = samplers.alpha_sigma(objective, time)
        gain = alpha * SPREAD**2 / (alpha**2 * SPREAD**2 + sigma**2)
        data = MEAN + gain * (noisy - alpha * MEAN)
        return Prediction(data, (noisy - alpha * data) / sigma if sigma else 0 * noisy)

    return predict


def exact(noise):
    """Where the flow leads noise, from time 1."""
    return MEAN + SPREAD * noise


def noise(rows=1, numbers=4096):
    return CounterNoise(0, range(rows)).normal((numbers,)).double()


def error(sampler, steps, objective="flow"):
    times = sampling_times(steps, start=first_time(objective), shift=1.0)
    found = sampler(best(objective), noise(), times, objective)
    return float((found - exact(noise())).abs().max())


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("sampler", [samplers.euler, samplers.heun, samplers.dpm_solver])
def test_many_steps_follow_the_flow(sampler, objective):
    assert error(sampler, 200, objective) < 0.03


def test_eulers_error_halves_and_heuns_falls_to_a_quarter_with_twice_the_steps():
    euler = error(samplers.euler, 20) / error(samplers.euler, 40)
    heun = error(samplers.heun, 20) / error(samplers.heun, 40)
    assert 1.7 < euler < 2.3
    assert heun > 3.3


def test_what_was_predicted_before_makes_steps_better():
    assert error(samplers.dpm_solver, 12) < error(samplers.euler, 12) / 2
    assert error(samplers.dpm_solver, 10) < 0.03


def test_dpm_solver_is_of_second_order_with_steps_of_unequal_length():
    """Were the ratio r of the steps' lengths in λ left out, it would be of first order."""

    def miss(pairs):
        lengths = torch.tensor([1.0, 4.0] * pairs, dtype=torch.float64)
        shares = torch.cat([torch.zeros(1), lengths.cumsum(0) / lengths.sum()])
        times = torch.sigmoid(torch.lerp(*torch.tensor([[2.0], [-1.0]]).double(), shares)).tolist()
        (alpha, sigma), (alpha_last, sigma_last) = (
            samplers.alpha_sigma("flow", time) for time in (times[0], times[-1])
        )
        start = alpha * MEAN + (alpha**2 * SPREAD**2 + sigma**2) ** 0.5 * noise()
        last = alpha_last * MEAN + (alpha_last**2 * SPREAD**2 + sigma_last**2) ** 0.5 * noise()
        found = samplers.dpm_solver(best("flow"), start, times, "flow")
        return float((found - last).abs().max())

    assert miss(10) / miss(20) > 3.3


def test_heun_goes_back_where_it_came_from():
    times = sampling_times(40, start=1.0, shift=1.0)
    data = samplers.heun(best("flow"), noise(), times, "flow")
    again = samplers.heun(best("flow"), data, times[::-1], "flow")
    torch.testing.assert_close(again, noise(), atol=0.02, rtol=0)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_fresh_noise_gives_the_distribution(objective):
    times = sampling_times(100, start=first_time(objective), shift=1.0)
    rng = CounterNoise(1, range(1))
    found = samplers.ancestral(best(objective), noise(), times, objective, rng)
    assert abs(float(found.mean()) - MEAN) < 0.03
    assert abs(float(found.std()) - SPREAD) < 0.03


def test_one_step_gives_the_mean():
    for sampler in (samplers.euler, samplers.heun, samplers.dpm_solver):
        found = sampler(best("flow"), noise(), [1.0, 0.0], "flow")
        torch.testing.assert_close(found, torch.full_like(found, MEAN))


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_jump_back_gives_what_the_forward_process_would(objective):
    rng = CounterNoise(4, range(1))
    data, first, back = (rng.normal((40_000,), stream=name).double() for name in "abc")
    early, late = torch.tensor(0.3).double(), torch.tensor(0.8).double()
    found = _noisier(mix(objective, data, first, early), back, 0.3, 0.8, objective)
    alpha, sigma = samplers.alpha_sigma(objective, 0.8)
    rest = found - alpha * data
    assert abs(float(rest.std()) - sigma) < 0.01
    assert abs(float((rest * data).mean())) < 0.01
    again = mix(objective, data, rest / sigma, late)
    torch.testing.assert_close(found, again)


def test_every_repeat_has_noise_of_its_own(monkeypatch):
    drawn = []
    rng = CounterNoise(5, range(1))
    normal = rng.normal

    def spy(shape, *, stream, step):
        drawn.append((stream, step))
        return normal(shape, stream=stream, step=step)

    monkeypatch.setattr(rng, "normal", spy)
    repaint(
        best("flow"), noise(numbers=4), sampling_times(3, start=1.0, shift=1.0), "flow",
        known=torch.zeros(1, 4).double(), keep=torch.tensor([True, False, True, False]),
        repeats=2, rng=rng,
    )  # fmt: skip
    assert len(drawn) == len(set(drawn)) == 2 * (2 + 2 + 1) + 2  # two jumps back


def test_repainting_keeps_what_is_known_and_agrees_with_it():
    """Pairs of numbers that are equal: where one is known, the other becomes the same."""

    def predict(noisy, time):
        alpha, sigma = samplers.alpha_sigma("flow", time)
        both = noisy.mean(dim=2, keepdim=True).expand_as(noisy)
        gain = alpha / (alpha**2 + sigma**2 / 2)
        data = gain * both
        return Prediction(data, (noisy - alpha * data) / sigma)

    known = torch.full((1, 2000, 2), 1.5, dtype=torch.float64)
    keep = torch.tensor([True, False])
    rng = CounterNoise(2, range(1))
    start = rng.normal((2000, 2), stream="start").double()
    spreads = []
    for repeats in (1, 8):
        found = repaint(
            predict, start, sampling_times(25, start=1.0, shift=1.0), "flow",
            known=known, keep=keep, repeats=repeats, rng=rng,
        )  # fmt: skip
        assert torch.equal(found[..., 0], known[..., 0])
        spreads.append(float((found[..., 1] - 1.5).abs().mean()))
    assert spreads[1] < 0.6 * spreads[0]
    assert spreads[1] < 0.2
