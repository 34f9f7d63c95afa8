"""How well a model gives pictures back through its latents."""

import warnings

import torch
from torch import Tensor

from mmgen.data import PictureData
from mmgen.errors import MmgenWarning, NotInstalledError, UnsupportedOperationError
from mmgen.interfaces import Generator, Model, Progress, Reconstructs
from mmgen.metrics.bootstrap import mean_interval
from mmgen.metrics.options import ReconstructionOptions
from mmgen.metrics.pictures import align_labels, choose_pictures, read_batch
from mmgen.metrics.result import MetricResult, mean_result
from mmgen.metrics.similarity import WINDOW_PX, import_image_metrics, structural_similarity

_SMALLEST = 1e-10  # 100 dB: what float32 pictures can resolve


@torch.no_grad()
def reconstruction_error(
    model: Model,
    data: PictureData,
    options: ReconstructionOptions,
    progress: Progress | None = None,
) -> list[MetricResult]:
    """Return mean squared error, peak signal-to-noise ratio and SSIM, for pixels in [0, 1].

    The PSNR is the mean of the pictures' own, -10 log10(MSE) decibel, at most 100. There is a
    structural similarity (`structural_similarity`) for sides of 11 px or more, where torchmetrics
    is installed.

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
    with_ssim = min(data.images.shape[2:]) >= WINDOW_PX and _has_torchmetrics()
    errors: list[Tensor] = []
    likeness: list[Tensor] = []
    done = 0
    for rows in torch.arange(len(data)).split(options.batch_size):
        images, conditions = read_batch(model, data, rows, options.conditions)
        again = model.reconstruct(images.to(model.device), **conditions).cpu().double()
        errors.append((again - images.double()).square().mean(dim=(1, 2, 3)))
        if with_ssim:
            likeness.append(structural_similarity(again, images))
        done += len(rows)
        if progress is not None:
            progress(done, len(data))
    mse = torch.cat(errors)
    protocol = {"range": [0, 1], "conditions": list(options.conditions)}
    figures = {
        "mse": (mse, "squared pixel range"),
        "psnr": (-10 * mse.clamp_min(_SMALLEST).log10(), "dB"),
    }
    if likeness:
        figures["ssim"] = (torch.cat(likeness), "")
    return [
        mean_result(name, values, unit, protocol, mean_interval(values))
        for name, (values, unit) in figures.items()
    ]


def _has_torchmetrics() -> bool:
    try:
        import_image_metrics()
    except NotInstalledError as error:
        warnings.warn(f"ssim is left out: {error}", MmgenWarning, stacklevel=3)
        return False
    return True
