"""What is predicted, and what is read from it."""

import pytest
import torch
from mmgen_plugin_diffusion.config import OBJECTIVES
from mmgen_plugin_diffusion.objectives import coefficients, mix, read, target, velocity


@pytest.fixture
def parts():
    torch.manual_seed(0)
    data, noise = torch.randn(2, 5, 3, dtype=torch.float64)
    return data, noise, torch.tensor([0.1, 0.3, 0.5, 0.7, 0.9], dtype=torch.float64)[:, None]


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_right_prediction_gives_data_and_noise_back(objective, parts):
    data, noise, times = parts
    noisy = mix(objective, data, noise, times)
    found = read(objective, noisy, target(objective, data, noise, times), times)
    torch.testing.assert_close(found.data, data)
    torch.testing.assert_close(found.noise, noise)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_velocity_is_the_slope_of_the_way(objective, parts):
    data, noise, times = parts
    found = read(objective, mix(objective, data, noise, times),
                 target(objective, data, noise, times), times)  # fmt: skip
    step = 1e-6
    ahead, behind = (mix(objective, data, noise, times + side) for side in (step, -step))
    torch.testing.assert_close(
        velocity(objective, found, times), (ahead - behind) / (2 * step), atol=1e-6, rtol=1e-6
    )


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_time_leads_from_data_to_noise(objective):
    times = torch.tensor([0.0, 1.0])
    alpha, sigma = coefficients(objective, times)
    torch.testing.assert_close(alpha, torch.tensor([1.0, 0.0]))
    torch.testing.assert_close(sigma, torch.tensor([0.0, 1.0]))


def test_a_cosine_schedule_keeps_the_variance():
    alpha, sigma = coefficients("v", torch.linspace(0, 1, 9))
    torch.testing.assert_close(alpha.square() + sigma.square(), torch.ones(9))
