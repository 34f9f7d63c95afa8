"""The metric `colourfulness`."""

import torch
from torch import Tensor

from mmgen import Model
from mmgen.data import PictureData
from mmgen.errors import DataError
from mmgen.interfaces import Progress
from mmgen.metrics import MetricResult, SamplingOptions, Workbench, mean_result, open_compared


def measure(
    model: Model,
    data: PictureData,
    options: SamplingOptions,
    progress: Progress | None = None,
    workbench: Workbench | None = None,
) -> MetricResult:
    """Return how colourful a model's samples are, on average; the floor is that of real pictures.

    Raises:
        UnsupportedOperationError: the model makes no pictures.
        DataError: the pictures are grey, or of another size than the model's.
    """
    if data.images.shape[1] < 3:
        raise DataError(f"colourfulness is of pictures in colour; those of {data.name} are grey")
    compared = open_compared("colourfulness", model, data, options, workbench or Workbench())
    found = []
    for pictures in (compared.draw(progress), compared.real):
        images = pictures.batch(torch.arange(len(pictures)), columns=())["target"]
        found.append(colourfulness(images))
    floor = {"value": float(found[1].mean()), "of": f"real {data.split}"}
    protocol = compared.protocol("none", compared.notes()) | {"floor": floor}
    return mean_result("colourfulness", found[0], "", protocol)


def colourfulness(images: Tensor) -> Tensor:
    """Return M of pictures (N, 3 or 4, H, W) in [0, 1], float64 (N,): section 7 of the paper.

    The paper's pixels go from 0 to 255, and so does its figure: 0 is grey, 109 extremely colourful.
    """
    red, green, blue = (255 * images[:, :3].double()).flatten(2).unbind(dim=1)
    opponents = torch.stack([red - green, (red + green) / 2 - blue], dim=1)  # (N, 2, P)
    spread = opponents.var(dim=2, correction=0).sum(dim=1).sqrt()
    return spread + 0.3 * opponents.mean(dim=2).norm(dim=1)
