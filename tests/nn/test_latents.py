"""Latent vectors and their truncation."""

import pytest
import torch
from scipy.stats import truncnorm

from mmgen.interfaces import CounterNoise
from mmgen.nn import draw_latents


@pytest.mark.parametrize("truncation", [0.5, 1.0, 2.0])
def test_truncated_latents_have_the_truncated_distribution(truncation):
    latents = draw_latents(CounterNoise(0, range(1000)), 40, truncation)
    assert latents.abs().max() <= truncation
    assert latents.std().item() == pytest.approx(truncnorm(-truncation, truncation).std(), rel=0.02)
    quantile = truncnorm(-truncation, truncation).ppf(0.8)
    assert (latents < quantile).float().mean().item() == pytest.approx(0.8, abs=0.01)


def test_a_wide_truncation_changes_nothing_but_the_draw():
    latents = draw_latents(CounterNoise(0, range(1000)), 40, 8.0)
    assert latents.isfinite().all()
    assert latents.std().item() == pytest.approx(1, rel=0.02)
    whole = draw_latents(CounterNoise(0, range(1000)), 40, None)
    assert whole.std().item() == pytest.approx(1, rel=0.02)


@pytest.mark.parametrize("truncation", [None, 1.0])
def test_streams_differ(truncation):
    noise = CounterNoise(0, range(3))
    one, two = (draw_latents(noise, 8, truncation, stream=name) for name in ("latents", "other"))
    assert not torch.isclose(one, two).any()
