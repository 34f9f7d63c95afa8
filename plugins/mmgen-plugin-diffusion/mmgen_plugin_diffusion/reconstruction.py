"""How far a picture that came back is from the one that went in."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgen.errors import OptionError
from mmgen.interfaces import Encoder, HasMaps, Noise
from mmgen.nn import RelativeGaussian
from mmgen.pretrained import from_pretrained
from mmgen_plugin_diffusion.autoencoder import ImageAutoencoder
from mmgen_plugin_diffusion.options import AutoencoderTraining


class ReconstructionLoss(nn.Module):
    """Pixels, features and divergence: Rombach et al. 2022, section 3.1, without their game.

    Args:
        options: of the training; `perceptual` names an encoder of pictures, which stays as it is
            and is not saved with the autoencoder.

    Raises:
        OptionError: that encoder has no feature maps.
    """

    def __init__(self, options: AutoencoderTraining) -> None:
        super().__init__()
        self.options = options
        self.eye: Encoder | None = None
        if options.perceptual:
            eye = from_pretrained(options.perceptual)
            if not (isinstance(eye, Encoder) and isinstance(eye, HasMaps)):
                raise OptionError(
                    "perceptual takes an encoder of pictures that shows its feature maps, as "
                    f"cnn-flowers; {options.perceptual!r} has none"
                )
            self.eye = eye.eval().requires_grad_(False)

    def forward(
        self, autoencoder: ImageAutoencoder, images: Tensor, rng: Noise, vector: Tensor | None
    ) -> dict[str, Tensor]:
        """Return the loss and its parts; measures the latents.

        Args:
            images: (N, C, H, W) in [0, 1].
            rng: of the posterior's draw, and of the noise on the latents.
        """
        options = self.options
        shape = autoencoder.latent_shape
        posterior = autoencoder.posterior(images, rng.normal(shape, stream="posterior"), vector)
        autoencoder.measure(posterior.shift.detach())  # as `to_latents` returns them
        latents = posterior.whitened
        if options.latent_noise:
            _, std = autoencoder.scale
            latents = latents + options.latent_noise * std * rng.normal(shape, stream="latents")
        made = autoencoder.from_latents(latents, vector).float()
        distance = F.l1_loss if options.distance == "l1" else F.mse_loss
        parts = {"pixels": distance(made, images)}
        if self.eye is not None:
            parts["features"] = options.perceptual_weight * feature_distance(self.eye, made, images)
        if autoencoder.config.kl:
            parts["kl"] = options.kl_weight * _divergence(posterior)
        found = {name: part.detach() for name, part in parts.items()}
        return {"loss": torch.stack([*parts.values()]).sum(), **found}


def _divergence(posterior: RelativeGaussian) -> Tensor:
    """Return KL(q || N(0, 1)) of a mean number of a mean picture."""
    return posterior.divergence().mean() / posterior.shift[0].numel()


def feature_distance(eye: Any, made: Tensor, wanted: Tensor) -> Tensor:
    """Return the mean squared distance of the features of two batches (N, C, H, W) in [0, 1].

    Zhang et al. 2018, equation 1, with equal weights: at every map of the encoder, each position's
    features are brought to length 1.
    """

    def look(images: Tensor) -> list[Tensor]:
        pixels = 2 * eye.prepare(images)["images"] - 1
        maps = eye.maps(pixels.to(memory_format=torch.channels_last))
        return [F.normalize(features.float(), dim=1, eps=1e-6) for features in maps]

    with torch.no_grad():
        aims = look(wanted)
    pairs = zip(look(made.clamp(0, 1)), aims, strict=True)
    return torch.stack([(one - two).square().sum(dim=1).mean() for one, two in pairs]).mean()


def reconstruction_figures(
    autoencoder: ImageAutoencoder, images: Tensor, vector: Tensor | None
) -> dict[str, Tensor]:
    """Return held-out figures of images (N, C, H, W) in [0, 1], each (N,): the first decides."""
    made = autoencoder.to_pixels(autoencoder.to_latents(images, vector), vector)
    squared = (made - images).square().flatten(1).mean(dim=1)
    return {"mse": squared, "psnr": -10 * squared.clamp(min=1e-10).log10()}
