"""Filling in what a mask leaves out, by a Markov chain between picture and latents."""

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
    ~ p(x | z), and again; the chain tends to p(x_missing | x_known) as q tends to the posterior.
    It starts from a draw of the prior. What the last step gives is the mean or a draw, as the
    options say.

    Args:
        image: (N, C, H, W) in [0, 1].
        mask: (N, 1, H, W), 1 = paint here, 0 = keep.
        vector: the condition's (N, D), or None.
    """
    paint_here = mask > 0.5
    latents = rng.normal((model.latent_dim,), stream="latents")
    latents = latents * model.chosen_temperature(options)
    parameters = model.top_down(vector, model.split_latents(latents)).parameters
    for step in range(options.inpainting_steps):
        filling = model.render(parameters, rng, "sample", stream="chain-pixels", step=step)
        picture = torch.where(paint_here, filling, image)
        noise = rng.normal((model.latent_dim,), stream="chain-latents", step=step)
        parameters = model(picture, noise, vector).parameters
    filling = model.render(parameters, rng, options.output, stream="pixels")
    return torch.where(paint_here, filling, image)
