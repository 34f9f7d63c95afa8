"""GAN inversion: the latents whose picture is nearest to a given one, by gradient descent."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from mmgen.interfaces import Noise

if TYPE_CHECKING:
    from mmgen_plugin_gan.gan import Gan

_RATE = 0.1
_BETAS = (0.9, 0.99)
_PRIOR = 1e-3


@dataclass(frozen=True, kw_only=True)
class Search:
    """How long is searched.

    Attributes:
        steps: of Adam, from every start.
        starts: latents drawn per picture; the best end counts.
    """

    steps: int
    starts: int


def find_latents(
    model: "Gan",
    images: Tensor,
    known: Tensor,
    vector: Tensor | None,
    rng: Noise,
    search: Search,
) -> Tensor:
    """Return the latents (N, dim) whose pictures are nearest where pixels are known.

    Creswell and Bharath 2018, equation 2; with the prior's pull of Yeh et al. 2017, since only
    latents that it makes likely give good pictures. Each picture's search is its own.

    Args:
        images: (N, C, H, W) in [0, 1].
        known: (N, 1, H, W), 1 where the pixel counts.
        vector: the condition's (N, D), or None.
        rng: gives the starts.
    """
    starts = rng.normal((search.starts, model.latent_dim), stream="search")
    # `generate` works in inference mode, whose tensors have no gradients: these are ordinary ones.
    with torch.inference_mode(False), torch.enable_grad():
        rows = torch.arange(len(images), device=images.device).repeat_interleave(search.starts)
        images, known = images.clone()[rows], known.clone()[rows]
        vector = None if vector is None else vector.clone()[rows]
        latents = starts.clone().flatten(0, 1).float().requires_grad_()
        losses = _descend(model, latents, images, known, vector, search.steps)
    best = losses.view(-1, search.starts).argmin(dim=1)
    found = latents.detach().view(-1, search.starts, model.latent_dim)
    return found[torch.arange(len(found), device=found.device), best]


def _descend(
    model: "Gan",
    latents: Tensor,
    images: Tensor,
    known: Tensor,
    vector: Tensor | None,
    steps: int,
) -> Tensor:
    """Move the latents; return the distance (N,) at the end."""
    optimizer = torch.optim.Adam([latents], lr=_RATE, betas=_BETAS)
    weights = known / known.flatten(1).sum(dim=1).clamp_min(1).view(-1, 1, 1, 1)

    def distances() -> Tensor:
        made = model.render(latents, vector).float()
        return ((made - images).square() * weights).sum(dim=(1, 2, 3))

    for step in range(steps):
        optimizer.param_groups[0]["lr"] = _RATE * math.cos(math.pi / 2 * step / steps)
        loss = distances() + _PRIOR * latents.square().mean(dim=1)
        (latents.grad,) = torch.autograd.grad(loss.sum(), [latents])
        optimizer.step()
    with torch.no_grad():
        return distances()
