"""How well a model gives pictures back through its latents."""

import torch
from torch import Tensor

from mmgen.data import PictureData
from mmgen.errors import UnsupportedOperationError
from mmgen.interfaces import Generator, Model, Progress, Reconstructs
from mmgen.metrics.options import ReconstructionOptions
from mmgen.metrics.pictures import align_labels, choose_pictures, read_batch
from mmgen.metrics.result import MetricResult, mean_result

_SMALLEST = 1e-10  # 100 dB: what float32 pictures can resolve


@torch.no_grad()
def reconstruction_error(
    model: Model,
    data: PictureData,
    options: ReconstructionOptions,
    progress: Progress | None = None,
) -> list[MetricResult]:
    """Return mean squared error and peak signal-to-noise ratio, for pixels in [0, 1].

    The PSNR is the mean of the pictures' own, -10 log10(MSE) decibel, at most 100.

    Raises:
        UnsupportedOperationError: the model cannot reconstruct.
        DataError: the pictures are not of the model's size.
    """
    if not (isinstance(model, Generator) and isinstance(model, Reconstructs)):
        title = model.title if isinstance(model, Generator) else type(model).__name__
        raise UnsupportedOperationError(
            f"reconstruction needs a model that encodes and decodes pictures; {title} does not"
        )
    data = align_labels(model, choose_pictures(model, data, options.num_images), options.conditions)
    errors: list[Tensor] = []
    done = 0
    for rows in torch.arange(len(data)).split(options.batch_size):
        images, conditions = read_batch(model, data, rows, options.conditions)
        again = model.reconstruct(images.to(model.device), **conditions)
        errors.append((again.cpu().double() - images.double()).square().mean(dim=(1, 2, 3)))
        done += len(rows)
        if progress is not None:
            progress(done, len(data))
    mse = torch.cat(errors)
    protocol = {"range": [0, 1], "conditions": list(options.conditions)}
    psnr = -10 * mse.clamp_min(_SMALLEST).log10()
    return [
        mean_result("mse", mse, "squared pixel range", protocol),
        mean_result("psnr", psnr, "dB", protocol),
    ]
