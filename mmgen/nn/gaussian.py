"""Diagonal Gaussian latents, with the posterior measured in units of its prior."""

from dataclasses import dataclass

import torch
from torch import Tensor

_WIDEST_LOG_SCALE = 5.0


def soft_clamp(log_scale: Tensor, limit: float = _WIDEST_LOG_SCALE) -> Tensor:
    """Keep a log standard deviation within ±limit, smoothly (Vahdat and Kautz 2020, app. A)."""
    return limit * torch.tanh(log_scale / limit)


@dataclass(frozen=True)
class RelativeGaussian:
    """A posterior q(z | x) relative to its prior p(z) = N(μ, σ²), and a draw from it.

    With the whitened latent u = (z - μ) / σ the prior is N(0, 1) and the posterior
    N(shift, scale²): the residual normal distribution of Vahdat and Kautz 2020, section 3.2, with
    the shift in units of σ too, so that neither density needs μ or σ.

    Attributes:
        shift, log_scale: (N, *latent) of the posterior of u.
        noise: (N, *latent), standard normal; u = shift + scale · noise.
    """

    shift: Tensor
    log_scale: Tensor
    noise: Tensor

    @classmethod
    def at(cls, whitened: Tensor, shift: Tensor, log_scale: Tensor) -> "RelativeGaussian":
        """Return the posterior with the noise that makes u equal to `whitened`."""
        return cls(shift, log_scale, (whitened - shift) * torch.exp(-log_scale))

    @property
    def whitened(self) -> Tensor:
        """The draw u (N, *latent)."""
        return torch.addcmul(self.shift, torch.exp(self.log_scale), self.noise)

    def divergence(self, *, per_channel: bool = False) -> Tensor:
        """Return KL(q || p) in nats: Kingma and Welling 2013, appendix B.

        Of the whole latent (N,), or of each of its K channels apart, (K, N).
        """
        variance = torch.exp(2 * self.log_scale)
        terms = 0.5 * (variance + self.shift.square() - 1) - self.log_scale
        if per_channel:
            return terms.reshape(*terms.shape[:2], -1).sum(dim=2).T
        return terms.flatten(1).sum(dim=1)

    def log_ratio(self) -> Tensor:
        """Return log p(z) - log q(z | x) at the draw, in nats (N,)."""
        terms = 0.5 * (self.noise.square() - self.whitened.square()) + self.log_scale
        return terms.flatten(1).sum(dim=1)
