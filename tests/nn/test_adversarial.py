"""Losses of generator and discriminator."""

import math

import pytest
import torch

from mmgen.nn.adversarial import (
    ADVERSARIAL_LOSSES,
    between,
    one_centred_penalty,
    zero_centred_penalty,
)

REAL, FAKE = torch.tensor([2.0, -1.0]), torch.tensor([0.5, -3.0])


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def mean(values):
    return sum(values) / len(values)


def pairs():
    return list(zip(REAL.tolist(), FAKE.tolist(), strict=True))


EXPECTED = {
    "minimax": (
        lambda r, f: -math.log(sigmoid(r)) - math.log(1 - sigmoid(f)),
        lambda r, f: math.log(1 - sigmoid(f)),
    ),
    "non-saturating": (
        lambda r, f: -math.log(sigmoid(r)) - math.log(1 - sigmoid(f)),
        lambda r, f: -math.log(sigmoid(f)),
    ),
    "least-squares": (
        lambda r, f: 0.5 * (r - 1) ** 2 + 0.5 * f**2,
        lambda r, f: 0.5 * (f - 1) ** 2,
    ),
    "hinge": (lambda r, f: max(0, 1 - r) + max(0, 1 + f), lambda r, f: -f),
    "wasserstein": (lambda r, f: f - r, lambda r, f: -f),
    "relativistic": (
        lambda r, f: -math.log(sigmoid(r - f)),
        lambda r, f: -math.log(sigmoid(f - r)),
    ),
}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_losses_are_those_of_the_papers(name):
    loss = ADVERSARIAL_LOSSES[name]
    for side, expected in zip((loss.discriminator, loss.generator), EXPECTED[name], strict=True):
        value = mean([expected(r, f) for r, f in pairs()])
        assert side(REAL, FAKE).item() == pytest.approx(value, rel=1e-5)


def test_there_are_no_others():
    assert set(ADVERSARIAL_LOSSES) == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_each_side_pulls_its_way(name):
    """The discriminator raises real and lowers fake scores, the generator raises fake ones."""
    loss = ADVERSARIAL_LOSSES[name]
    real, fake = (torch.tensor([0.2], requires_grad=True) for _ in range(2))
    by_real, by_fake = torch.autograd.grad(loss.discriminator(real, fake), (real, fake))
    assert by_real < 0 < by_fake
    by_real, by_fake = torch.autograd.grad(
        loss.generator(real, fake), (real, fake), allow_unused=True
    )
    assert by_fake < 0
    assert (by_real is not None) == loss.needs_real


@pytest.mark.parametrize("name", ["minimax", "non-saturating", "relativistic"])
def test_sure_scores_overflow_nothing(name):
    loss = ADVERSARIAL_LOSSES[name]
    for real, fake in ((1e4, -1e4), (-1e4, 1e4)):
        values = torch.tensor([real]), torch.tensor([fake])
        assert loss.discriminator(*values).isfinite()
        assert loss.generator(*values).isfinite()


def plane(images):
    """A score whose gradient is (3, 4, 0, …) everywhere: of length 5."""
    return 3 * images[:, 0, 0, 0] + 4 * images[:, 0, 0, 1]


def test_penalties_are_those_of_a_known_slope():
    images = torch.rand(4, 1, 3, 3, requires_grad=True)
    assert zero_centred_penalty(plane(images), images).item() == pytest.approx(25 / 2)
    assert one_centred_penalty(plane(images), images).item() == pytest.approx(16)


@pytest.mark.parametrize("penalty", [zero_centred_penalty, one_centred_penalty])
def test_a_penalty_flattens_the_discriminator(penalty):
    images = torch.rand(4, 1, 2, 2, requires_grad=True)
    weight = torch.tensor(5.0, requires_grad=True)
    (gradient,) = torch.autograd.grad(penalty(weight * plane(images), images), weight)
    assert gradient > 0


def test_a_flat_discriminator_has_finite_gradients():
    images = torch.rand(2, 1, 2, 2, requires_grad=True)
    weight = torch.tensor(0.0, requires_grad=True)
    (gradient,) = torch.autograd.grad(one_centred_penalty(weight * plane(images), images), weight)
    assert gradient.isfinite()


def test_pictures_between_ask_for_gradients_of_their_own():
    real, fake = torch.zeros(2, 1, 1, 1), torch.ones(2, 1, 1, 1, requires_grad=True)
    mixed = between(real, fake, torch.tensor([0.25, 1.0]).view(2, 1, 1, 1))
    assert mixed.flatten().tolist() == [0.75, 0]
    assert mixed.requires_grad
    assert mixed.is_leaf


@pytest.mark.parametrize("name", ADVERSARIAL_LOSSES)
def test_relative_losses_are_those_that_a_common_number_leaves_alone(name):
    loss = ADVERSARIAL_LOSSES[name]
    before, after = (loss.discriminator(REAL + by, FAKE + by) for by in (0, 5))
    assert torch.isclose(before, after) == loss.relative
