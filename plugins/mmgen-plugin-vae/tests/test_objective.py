import math

import pytest
import torch
from mmgen_plugin_vae.objective import negative_elbo, negative_importance_bound, warmed_up

LOG_LIKELIHOOD = torch.tensor([-3.0, -5.0])
DIVERGENCES = torch.tensor([[0.1, 0.3], [2.0, 4.0]])  # two groups, two pictures


def test_the_bound_is_reconstruction_plus_divergence():
    loss = negative_elbo(LOG_LIKELIHOOD, DIVERGENCES, kl_weight=1, free_bits=0)
    assert loss.item() == pytest.approx(4 + 0.2 + 3)


def test_beta_weighs_the_divergence():
    loss = negative_elbo(LOG_LIKELIHOOD, DIVERGENCES, kl_weight=0.5, free_bits=0)
    assert loss.item() == pytest.approx(4 + 1.6)


def test_free_bits_are_per_group_and_stop_its_gradient():
    divergences = DIVERGENCES.clone().requires_grad_()
    loss = negative_elbo(LOG_LIKELIHOOD, divergences, kl_weight=1, free_bits=1)
    assert loss.item() == pytest.approx(4 + 1 + 3)
    loss.backward()
    assert divergences.grad.tolist() == [[0, 0], [0.5, 0.5]]


def test_the_importance_bound_of_one_draw_is_the_sampled_elbo():
    ratio = torch.tensor([-1.0, -2.0])
    loss = negative_importance_bound(LOG_LIKELIHOOD, ratio, 1, kl_weight=1)
    assert loss.item() == pytest.approx(4 + 1.5)


def test_the_importance_bound_averages_the_weights_of_a_picture():
    ratio = torch.tensor([-1.0, 1.0])
    expected = -math.log((math.exp(-4) + math.exp(-4)) / 2)
    loss = negative_importance_bound(LOG_LIKELIHOOD, ratio, 2, kl_weight=1)
    assert loss.item() == pytest.approx(expected)


def test_the_weight_grows_linearly_and_stays():
    weights = [warmed_up(2.0, step, 10) for step in (0, 5, 10, 50)]
    assert weights == [0, 1, 2, 2]
    assert warmed_up(1.0, 0, 0) == 1
