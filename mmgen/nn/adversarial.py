"""Losses of a generator and a discriminator, as pure functions of the discriminator's scores.

A score is a real number per picture, (N,): the higher, the more real. Each loss is a mean over
the batch. `real` and `fake` are the scores of as many real and generated pictures.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

Loss = Callable[[Tensor, Tensor], Tensor]
"""(scores of real pictures (N,), scores of generated ones (N,)) -> a scalar."""


@dataclass(frozen=True)
class AdversarialLoss:
    """What the discriminator and the generator minimise.

    Attributes:
        discriminator, generator: see `Loss`.
        needs_real: whether the generator's loss looks at the real pictures too.
        relative: whether differences of scores alone count: a number added to all changes nothing.
    """

    discriminator: Loss
    generator: Loss
    needs_real: bool = False
    relative: bool = False


def _logistic_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """-log σ(real) - log(1 - σ(fake)): Goodfellow et al. 2014, equation 1."""
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def _minimax_generator(real: Tensor, fake: Tensor) -> Tensor:  # noqa: ARG001
    """log(1 - σ(fake)): Goodfellow et al. 2014, equation 1."""
    return -F.softplus(fake).mean()


def _non_saturating_generator(real: Tensor, fake: Tensor) -> Tensor:  # noqa: ARG001
    """-log σ(fake): Goodfellow et al. 2014, section 3."""
    return F.softplus(-fake).mean()


def _least_squares_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Mao et al. 2017, equation 9: real 1, fake 0."""
    return ((real - 1).square().mean() + fake.square().mean()) / 2


def _least_squares_generator(real: Tensor, fake: Tensor) -> Tensor:  # noqa: ARG001
    """Mao et al. 2017, equation 9."""
    return (fake - 1).square().mean() / 2


def _hinge_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Lim and Ye 2017; Miyato et al. 2018, equation 16."""
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


def _wasserstein_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Arjovsky et al. 2017, equation 2."""
    return fake.mean() - real.mean()


def _lower_scores(real: Tensor, fake: Tensor) -> Tensor:  # noqa: ARG001
    """-fake: the generator of the hinge and of the Wasserstein distance."""
    return -fake.mean()


def _relativistic_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """-log σ(real - fake), pair by pair: Jolicoeur-Martineau 2019; Huang et al. 2024, eq. 2."""
    return F.softplus(fake - real).mean()


def _relativistic_generator(real: Tensor, fake: Tensor) -> Tensor:
    """-log σ(fake - real), pair by pair."""
    return F.softplus(real - fake).mean()


ADVERSARIAL_LOSSES = {
    "minimax": AdversarialLoss(_logistic_discriminator, _minimax_generator),
    "non-saturating": AdversarialLoss(_logistic_discriminator, _non_saturating_generator),
    "least-squares": AdversarialLoss(_least_squares_discriminator, _least_squares_generator),
    "hinge": AdversarialLoss(_hinge_discriminator, _lower_scores),
    "wasserstein": AdversarialLoss(_wasserstein_discriminator, _lower_scores, relative=True),
    "relativistic": AdversarialLoss(
        _relativistic_discriminator, _relativistic_generator, needs_real=True, relative=True
    ),
}
"""By name."""


def gradient_norms(scores: Tensor, images: Tensor) -> Tensor:
    """Return |∇ score|² with respect to each picture, (N,), differentiable again.

    Args:
        scores: (N,), each of its own picture alone.
        images: (N, C, H, W) that the scores were made from, with a gradient.
    """
    (gradient,) = torch.autograd.grad(scores.sum(), images, create_graph=True)
    return gradient.float().square().flatten(1).sum(dim=1)


def zero_centred_penalty(scores: Tensor, images: Tensor) -> Tensor:
    """Return ½ E |∇ score|², a scalar: R1 on real pictures, R2 on generated ones.

    Mescheder et al. 2018, equation 9; both together: Huang et al. 2024, section 3.
    """
    return gradient_norms(scores, images).mean() / 2


def one_centred_penalty(scores: Tensor, images: Tensor) -> Tensor:
    """Return E (|∇ score| - 1)², a scalar, for pictures between real and generated ones.

    Gulrajani et al. 2017, equation 3; see `between`.
    """
    return (gradient_norms(scores, images).add(1e-12).sqrt() - 1).square().mean()


def between(real: Tensor, fake: Tensor, shares: Tensor) -> Tensor:
    """Return pictures on the way from generated to real ones, which ask for a gradient.

    Args:
        real, fake: (N, C, H, W).
        shares: (N, 1, 1, 1) in (0, 1), of the real ones.
    """
    return torch.lerp(fake.detach(), real.detach(), shares).requires_grad_()
