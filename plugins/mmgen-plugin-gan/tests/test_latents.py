"""Latent vectors: truncation and ways between two."""

import math

import pytest
import torch
from mmgen_plugin_gan.latents import draw_latents, great_circle
from scipy.stats import truncnorm

from mmgen.interfaces import CounterNoise


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


def test_the_way_keeps_ends_lengths_and_speed():
    a, b = torch.tensor([3.0, 0.0]), torch.tensor([0.0, 1.0])
    way = great_circle(a, b, torch.linspace(0, 1, 5))
    assert torch.allclose(way[0], a, atol=1e-6)
    assert torch.allclose(way[-1], b, atol=1e-6)
    assert torch.allclose(way.norm(dim=1), torch.linspace(3, 1, 5), atol=1e-5)
    angles = torch.atan2(way[:, 1], way[:, 0])
    assert torch.allclose(angles, torch.linspace(0, math.pi / 2, 5), atol=1e-5)


@pytest.mark.parametrize("other", [1.0, -1.0, 2.0])
def test_parallel_ends_have_a_way_too(other):
    a = torch.tensor([1.0, 2.0, -1.0])
    way = great_circle(a, other * a, torch.linspace(0, 1, 3))
    assert way.isfinite().all()
    assert torch.allclose(way[-1], other * a, atol=1e-5)
