import math

import pytest
import torch

from mmgen.nn import LIKELIHOODS, Bernoulli, DiscretisedLogisticMixture, likelihood
from mmgen.nn.likelihoods import bits_per_dimension, clipped_mean, log_bin


def parameters_for(distribution, *, rows, spread=1.0, seed=0):
    generator = torch.Generator().manual_seed(seed)
    shape = (rows, distribution.num_parameters, 1, 1)
    return spread * torch.randn(shape, generator=generator)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("name", LIKELIHOODS)
def test_shapes_follow_the_contract(name, channels):
    distribution = likelihood(name, channels=channels, num_mixtures=3)
    parameters = torch.randn(2, distribution.num_parameters, 5, 4)
    uniform = torch.rand(2, distribution.num_uniforms, 5, 4)
    mean, draw = distribution.mean(parameters), distribution.sample(parameters, uniform)
    assert mean.shape == draw.shape == (2, channels, 5, 4)
    assert mean.min() >= 0
    assert mean.max() <= 1
    assert distribution.log_prob(parameters, draw).shape == (2,)


def test_an_unknown_likelihood_is_refused():
    with pytest.raises(ValueError, match="bernoulli"):
        likelihood("beta", channels=1)


def test_bernoulli_is_the_textbook_formula():
    logits = torch.tensor([[[[2.0, -1.0]]]])
    image = torch.tensor([[[[1.0, 0.0]]]])
    p = torch.sigmoid(logits).flatten()
    expected = math.log(p[0]) + math.log(1 - p[1])
    assert Bernoulli(1).log_prob(logits, image).item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("spread", [0.3, 3.0, 12.0])
def test_probabilities_of_256_levels_sum_to_one(spread):
    mixture = DiscretisedLogisticMixture(1, 4)
    parameters = parameters_for(mixture, rows=1, spread=spread).expand(256, -1, -1, -1)
    levels = (torch.arange(256) / 255).view(256, 1, 1, 1)
    total = mixture.log_prob(parameters, levels).double().exp().sum()
    assert total.item() == pytest.approx(1, abs=2e-4)


def test_probabilities_of_colours_sum_to_one_channel_by_channel():
    """Whatever red is, the green levels sum to what red alone has."""
    mixture = DiscretisedLogisticMixture(3, 2)
    parameters = parameters_for(mixture, rows=1, spread=1.5)
    red_alone = DiscretisedLogisticMixture(1, 2)
    weights, rest = parameters.split((2, 18), dim=1)
    rest = rest.reshape(1, 2, 9, 1, 1)  # 3 means, 3 log scales, 3 coefficients
    alone = torch.cat([weights, rest[:, :, [0, 3]].reshape(1, 4, 1, 1)], dim=1)
    red = torch.tensor(77 / 255)
    steps = torch.arange(0, 256, 1) / 255
    green, blue = torch.meshgrid(steps, steps, indexing="ij")
    colours = torch.stack([red.expand(256 * 256), green.flatten(), blue.flatten()], dim=1)
    images = colours.view(-1, 3, 1, 1)
    joint = mixture.log_prob(parameters.expand(len(images), -1, -1, -1), images)
    marginal = red_alone.log_prob(alone, red.view(1, 1, 1, 1))
    assert torch.logsumexp(joint.double(), 0).item() == pytest.approx(marginal.item(), abs=1e-3)


def test_a_bin_is_the_difference_of_two_cumulative_probabilities():
    values = torch.tensor([-1.0, 1 / 255, 1.0], dtype=torch.float64)
    mean, log_scale = torch.tensor(0.2).double(), torch.tensor(-1.3).double()

    def cumulative(x):
        return torch.sigmoid((x - mean) / log_scale.exp())

    half = 1 / 255
    expected = torch.stack(
        [
            cumulative(values[0] + half),
            cumulative(values[1] + half) - cumulative(values[1] - half),
            1 - cumulative(values[2] - half),
        ]
    )
    assert torch.allclose(log_bin(values, mean, log_scale).exp(), expected, atol=1e-12)


def test_bins_far_from_the_mean_stay_finite_with_a_gradient():
    log_scale = torch.tensor(-7.0, requires_grad=True)
    mean = torch.tensor(-0.9, requires_grad=True)
    value = log_bin(torch.tensor([-1.0, 0.3, 1.0]), mean, log_scale)
    value.sum().backward()
    assert torch.isfinite(value).all()
    assert torch.isfinite(mean.grad)
    assert torch.isfinite(log_scale.grad)


def test_scales_without_bound_stay_finite():
    """Data of black and white alone pull the scale to infinity."""
    mixture = DiscretisedLogisticMixture(1, 1)
    parameters = torch.tensor([0.0, 300.0, 500.0]).view(1, 3, 1, 1).requires_grad_()
    value = mixture.log_prob(parameters, torch.zeros(1, 1, 1, 1))
    value.backward()
    assert torch.isfinite(value)
    assert torch.isfinite(parameters.grad).all()


def test_the_clipped_mean_is_that_of_many_draws():
    generator = torch.Generator().manual_seed(3)
    noise = torch.logit(torch.rand(400_000, generator=generator, dtype=torch.float64))
    for mean, scale in [(0.0, 0.5), (0.9, 0.2), (-1.4, 0.3), (0.1, 1e-3)]:
        draws = (mean + scale * noise).clamp(-1, 1)
        value = clipped_mean(torch.tensor(mean), torch.tensor(scale).log())
        assert value.item() == pytest.approx(draws.mean().item(), abs=4e-3)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", LIKELIHOODS)
def test_draws_have_the_frequencies_that_log_prob_says(name, channels):
    distribution = likelihood(name, channels=channels, num_mixtures=2)
    parameters = parameters_for(distribution, rows=1, seed=5)
    rows = 20_000
    generator = torch.Generator().manual_seed(7)
    uniform = torch.rand((rows, distribution.num_uniforms, 1, 1), generator=generator)
    draws = distribution.sample(parameters.expand(rows, -1, -1, -1), uniform)
    found, counts = draws.flatten(1).unique(dim=0, return_counts=True)
    often = counts > rows / 200
    likely = found[often].view(-1, channels, 1, 1)
    said = distribution.log_prob(parameters.expand(len(likely), -1, -1, -1), likely).exp()
    assert often.any()
    assert torch.allclose(counts[often] / rows, said, rtol=0.3)


def test_draws_of_8_bit_pixels_are_levels():
    mixture = DiscretisedLogisticMixture(3, 2)
    parameters = torch.randn(4, mixture.num_parameters, 3, 3)
    draws = mixture.sample(parameters, torch.rand(4, 4, 3, 3)) * 255
    assert torch.equal(draws, draws.round())


def test_the_mean_of_a_sharp_mixture_is_its_level():
    mixture = DiscretisedLogisticMixture(1, 1)
    parameters = torch.tensor([0.0, 0.25, -7.0]).view(1, 3, 1, 1)
    assert mixture.mean(parameters).item() == pytest.approx(0.625, abs=1e-3)


def test_half_precision_parameters_give_float32_results():
    mixture = DiscretisedLogisticMixture(1, 2)
    parameters = torch.randn(2, 6, 3, 3, dtype=torch.bfloat16)
    images = torch.rand(2, 1, 3, 3)
    assert mixture.log_prob(parameters, images).dtype == torch.float32
    assert mixture.mean(parameters).dtype == torch.float32


def test_bits_per_dimension_of_a_uniform_pixel_is_8():
    nats = torch.tensor([784 * math.log(256)])
    assert bits_per_dimension(nats, 784).item() == pytest.approx(8)
