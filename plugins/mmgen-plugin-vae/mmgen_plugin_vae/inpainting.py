"""Filling in what a mask leaves out, by a Markov chain between picture and latents."""

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from mmgen.interfaces import Noise
from mmgen_plugin_vae.config import VaeGeneration

if TYPE_CHECKING:
    from mmgen_plugin_vae.autoencoder import Autoencoder


def inpaint(
    model: "Autoencoder",
    image: Tensor,
    mask: Tensor,
    vector: Tensor | None,
    rng: Noise,
    options: VaeGeneration,
) -> Tensor:
    """Paint where the mask is 1; every other pixel stays bit for bit.

    Rezende et al. 2014, appendix F: from (x_known, x_missing) draw z ~ q(z | x), then x_missing
    from p(x | z), and again; the chain tends to p(x_missing | x_known) as q tends to the
    posterior. It starts from a draw of the prior.

    On a ladder of latents that chain hardly moves: fine latents hold the missing pixels as they
    are. So it goes from coarse to fine, see `num_inferred`: layers that are not inferred come
    from their priors. With one layer, temperature 1 and output "sample" it is the paper's chain.

    Args:
        image: (N, C, H, W) in [0, 1].
        mask: (N, 1, H, W), 1 = paint here, 0 = keep.
        vector: the condition's (N, D), or None.
    """
    paint_here = mask > 0.5
    num_layers, num_steps = len(model.latent_shapes), options.inpainting_steps

    def draw_latents(stream: str, step: int = 0) -> tuple[Tensor, ...]:
        noise = rng.normal((model.latent_dim,), stream=stream, step=step)
        return model.split_latents(noise * model.chosen_temperature(options))

    parameters = model.top_down(vector, draw_latents("latents")).parameters
    for step in range(num_steps):
        filling = model.render(parameters, rng, options.output, stream="chain-pixels", step=step)
        evidence = model.collect(torch.where(paint_here, filling, image), vector)
        inferred = num_inferred(step, num_steps, num_layers)
        known = (*evidence[:inferred], *(None,) * (num_layers - inferred))
        parameters = model.top_down(vector, draw_latents("chain-latents", step), known).parameters
    filling = model.render(parameters, rng, options.output, stream="pixels")
    return torch.where(paint_here, filling, image)


def num_inferred(step: int, num_steps: int, num_layers: int) -> int:
    """Return how many layers, from the top, come from their posteriors at a step of the chain.

    One in the first half of the chain, two in half of what is left, and so on.
    """
    remaining = 1 - step / num_steps
    return min(num_layers, 1 + int(-math.log2(remaining)))
