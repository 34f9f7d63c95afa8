"""The metric, and the function of pictures that it is the mean of."""

import torch
from torch import Tensor

from mmgen import Model
from mmgen.data import PictureData
from mmgen.errors import DataError
from mmgen.interfaces import Progress
from mmgen.metrics import (
    RESAMPLED,
    MetricResult,
    Workbench,
    mean_interval,
    mean_result,
    open_compared,
)
from mmgen_plugin_example.config import ExampleOptions

_AT_ONCE = 256


def measure(
    model: Model,
    data: PictureData,
    options: ExampleOptions,
    progress: Progress | None = None,
    workbench: Workbench | None = None,
) -> MetricResult:
    """Return how rough the pictures are that a model draws: see `roughness`.

    It is the mean over the samples, with a 95 % interval. The floor in the protocol is the figure
    of the real pictures: samples that look like them score the same, neither less nor more.

    Raises:
        UnsupportedOperationError: the model makes no pictures.
        DataError: the real pictures are of another size, or smaller than the distance.
    """
    workbench = workbench or Workbench()
    compared = open_compared("example", model, data, options, workbench)
    height, width = data.images.shape[2:]
    if options.distance >= min(height, width):
        raise DataError(
            f"pictures must be larger than the distance of {options.distance} px; {data.name} has "
            f"{width}×{height}: set a smaller distance"
        )
    values = of_all(compared.draw(progress), options.distance)
    real = of_all(compared.real, options.distance)
    protocol = compared.protocol("none", compared.notes(), interval=RESAMPLED) | {
        "distance": options.distance,
        "floor": {
            "value": float(real.mean()),
            "of": f"real {data.split}",
            "num_pictures": [len(real)],
        },
    }
    interval = mean_interval(values, seed=options.seed)
    return mean_result("example", values, "squared pixel range", protocol, interval)


def of_all(pictures: PictureData, distance: int) -> Tensor:
    """Return the roughness of each picture, float64 (N,)."""
    parts = torch.arange(len(pictures)).split(_AT_ONCE)
    found = [
        roughness(pictures.batch(rows, columns=())["target"].double(), distance) for rows in parts
    ]
    return torch.cat(found)


def roughness(images: Tensor, distance: int) -> Tensor:
    """Return the mean squared difference of pixels at a distance, across and down, (N,).

    0 for a picture of one colour, 1 for a black and white chessboard at distance 1.

    Args:
        images: (N, C, H, W) in [0, 1], larger than the distance.
    """
    across = images[..., distance:] - images[..., :-distance]
    down = images[..., distance:, :] - images[..., :-distance, :]
    return torch.cat([across.flatten(1), down.flatten(1)], dim=1).square().mean(dim=1)
