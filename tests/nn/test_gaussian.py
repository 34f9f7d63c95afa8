import torch
from torch.distributions import Normal, kl_divergence

from mmgen.nn import RelativeGaussian
from mmgen.nn.gaussian import soft_clamp


def posterior(rows=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return RelativeGaussian(*torch.randn((3, rows, 2, 2), generator=generator))


def test_the_divergence_is_that_of_the_two_normals():
    q = posterior()
    expected = kl_divergence(Normal(q.shift, q.log_scale.exp()), Normal(0.0, 1.0))
    assert torch.allclose(q.divergence(), expected.flatten(1).sum(1), atol=1e-5)


def test_the_divergences_of_the_channels_add_up_to_the_whole():
    q = posterior()
    per_channel = q.divergence(per_channel=True)
    assert per_channel.shape == (2, 3)
    assert torch.allclose(per_channel.sum(dim=0), q.divergence(), atol=1e-5)


def test_each_number_of_a_vector_is_a_channel():
    vectors = RelativeGaussian(*torch.randn((3, 4, 5), generator=torch.Generator().manual_seed(0)))
    per_channel = vectors.divergence(per_channel=True)
    assert per_channel.shape == (5, 4)
    assert torch.allclose(per_channel.sum(dim=0), vectors.divergence(), atol=1e-5)


def test_the_log_ratio_is_the_difference_of_the_log_densities():
    q = posterior()
    u = q.whitened
    prior = Normal(0.0, 1.0).log_prob(u)
    density = Normal(q.shift, q.log_scale.exp()).log_prob(u)
    assert torch.allclose(q.log_ratio(), (prior - density).flatten(1).sum(1), atol=1e-5)


def test_the_log_ratio_does_not_change_with_the_prior():
    """Mean and scale of the prior cancel: z = μ + σ u has the same ratio as u."""
    q = posterior()
    mean, scale = torch.tensor(0.7), torch.tensor(2.5)
    z = mean + scale * q.whitened
    prior = Normal(mean, scale).log_prob(z)
    density = Normal(mean + scale * q.shift, scale * q.log_scale.exp()).log_prob(z)
    assert torch.allclose(q.log_ratio(), (prior - density).flatten(1).sum(1), atol=1e-4)


def test_a_posterior_at_a_draw_gives_the_draw_back():
    q = posterior()
    again = RelativeGaussian.at(q.whitened, q.shift, q.log_scale)
    assert torch.allclose(again.noise, q.noise, atol=1e-5)


def test_a_posterior_equal_to_the_prior_costs_nothing():
    zero = torch.zeros(2, 3)
    q = RelativeGaussian(zero, zero, torch.randn(2, 3))
    assert q.divergence().tolist() == [0, 0]
    assert q.log_ratio().tolist() == [0, 0]


def test_the_soft_clamp_is_the_identity_near_zero_and_bounded():
    small = torch.linspace(-0.3, 0.3, 7)
    assert torch.allclose(soft_clamp(small), small, atol=1e-3)
    assert soft_clamp(torch.tensor([-1e6, 1e6])).tolist() == [-5, 5]
