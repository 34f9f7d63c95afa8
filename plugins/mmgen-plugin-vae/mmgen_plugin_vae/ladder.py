"""One stochastic layer of a ladder, and what a pass down the ladder returns."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgen.nn import RelativeGaussian
from mmgen.nn.gaussian import soft_clamp


@dataclass(frozen=True)
class TopDown:
    """The way from latents to a picture.

    Attributes:
        parameters: (N, P, H, W) of the likelihood.
        posteriors: of each latent layer from the top; empty where latents came from the prior.
        whitened: the latents u_1 … u_L, each (N, *shape).
    """

    parameters: Tensor
    posteriors: tuple[RelativeGaussian, ...]
    whitened: tuple[Tensor, ...]

    def divergences(self) -> Tensor:
        """Return KL(q || p) of each layer in nats, (L, N)."""
        return torch.stack([posterior.divergence() for posterior in self.posteriors])

    def channel_divergences(self) -> Tensor:
        """Return KL(q || p) of each channel of each layer in nats, (Σ_l K_l, N)."""
        return torch.cat([posterior.divergence(per_channel=True) for posterior in self.posteriors])

    def log_ratio(self) -> Tensor:
        """Return log p(z) - log q(z | x) of the draw in nats, (N,)."""
        return torch.stack([posterior.log_ratio() for posterior in self.posteriors]).sum(dim=0)


class LatentLayer(nn.Module):
    """p(z_l | z_<l), q(z_l | z_<l, x) and how z_l joins the features.

    Bidirectional inference (Kingma et al. 2016, section 4; Sønderby et al. 2016): the posterior
    sees the features above, which hold z_<l, and the evidence from the picture. It is relative to
    the prior, see `RelativeGaussian`, and starts close to it.

    Args:
        width: channels of the features.
        latent_channels: channels of z_l.
        kernel: of the posterior, 3 for maps, 1 for vectors as 1 × 1 maps.
        prior_kernel: of the prior, at most as large.
    """

    def __init__(self, width: int, latent_channels: int, *, kernel: int, prior_kernel: int) -> None:
        super().__init__()
        self.num_statistics = 2 * latent_channels
        # The prior's statistics and what the posterior sees of the features, in one convolution.
        self.above = same_conv(width, self.num_statistics + width, prior_kernel)
        self.evidence = nn.Conv2d(width, width, 1)
        self.posterior = same_conv(width, self.num_statistics, kernel)
        self.join = nn.Conv2d(latent_channels, width, 1)
        with torch.no_grad():
            self.above.weight[: self.num_statistics].mul_(0.1)
            self.posterior.weight.mul_(0.1)
            for bias in (self.above.bias, self.posterior.bias):
                assert bias is not None
                bias[: self.num_statistics].zero_()

    def collect(self, features: Tensor) -> Tensor:
        """Return the evidence from bottom-up features; both (N, width, h, w)."""
        return self.evidence(F.silu(features))

    def forward(
        self, features: Tensor, noise: Tensor, evidence: Tensor | None
    ) -> tuple[Tensor, Tensor, RelativeGaussian | None]:
        """Draw z_l and join it to the features (N, width, h, w).

        Args:
            noise: (N, latent_channels, h, w), standard normal: of the posterior where there is
                evidence, else the whitened latent itself.

        Returns:
            The features with z_l, the whitened latent, and the posterior if there is evidence.
        """
        active = F.silu(features)
        if evidence is None:
            prior = self._prior_alone(active)
            statistics = None
        else:
            both = self.above(active)
            # Split, not two slices: the gradient is then put together without zeros.
            sizes = (self.num_statistics, both.shape[1] - self.num_statistics)
            prior, seen = both.split(sizes, dim=1)
            statistics = self.posterior(F.silu(seen + evidence))
        whitened, posterior = draw_whitened(noise, statistics)
        mean, log_scale = prior.float().chunk(2, dim=1)
        latent = torch.addcmul(mean, torch.exp(soft_clamp(log_scale)), whitened)
        return features + self.join(latent.to(features.dtype)), whitened, posterior

    def _prior_alone(self, active: Tensor) -> Tensor:
        """Return the first channels of `above`: all that there is to know without a picture."""
        weight, bias = self.above.weight, self.above.bias
        assert bias is not None
        first = slice(self.num_statistics)
        return F.conv2d(active, weight[first], bias[first], padding=self.above.padding)


def same_conv(width: int, out_width: int, kernel: int) -> nn.Conv2d:
    """Return a convolution that keeps height and width; the kernel is odd."""
    return nn.Conv2d(width, out_width, kernel, padding=kernel // 2)


def draw_whitened(
    noise: Tensor, statistics: Tensor | None
) -> tuple[Tensor, RelativeGaussian | None]:
    """Draw a whitened latent from its posterior, or take the noise as a draw from the prior.

    Args:
        noise: (N, K, ...), standard normal.
        statistics: shift and log scale of the posterior, (N, 2 K, ...); None for the prior.
    """
    if statistics is None:
        return noise, None
    shift, log_scale = statistics.float().chunk(2, dim=1)
    posterior = RelativeGaussian(shift, soft_clamp(log_scale), noise)
    return posterior.whitened, posterior
