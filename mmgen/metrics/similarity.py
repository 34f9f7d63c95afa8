"""How alike two pictures look."""

from importlib import import_module
from typing import Any

import torch
from torch import Tensor

from mmgen.errors import NotInstalledError

WINDOW_PX = 11
_AT_ONCE = 2**20
_COMMAND = "pip install 'mmgen-core[metrics]'"


def structural_similarity(images: Tensor, others: Tensor) -> Tensor:
    """Return the structural similarity of each pair, float64 (N,), at most 1.

    Wang et al. 2004, equation 13, by torchmetrics: Gaussian windows of 11 px with a deviation of
    1.5, K1 = 0.01, K2 = 0.03, for pixels in [0, 1]; the mean over positions and channels. In
    single precision, which is good for three digits and more, a few pictures at a time.

    Args:
        images: (N, C, H, W) in [0, 1], sides of 11 px or more.
        others: likewise.

    Raises:
        NotInstalledError: torchmetrics is missing.
    """
    measure = import_image_metrics().structural_similarity_index_measure
    some = max(1, _AT_ONCE // images[0].numel())
    found = [
        measure(part.float(), other.float(), data_range=1.0, reduction="none").reshape(len(part))
        for part, other in zip(images.split(some), others.split(some), strict=True)
    ]
    return torch.cat(found).double()


def import_image_metrics() -> Any:
    """Return `torchmetrics.functional.image`.

    Raises:
        NotInstalledError: it is missing; says what to install.
    """
    try:
        return import_module("torchmetrics.functional.image")
    except ImportError as error:
        raise NotInstalledError(
            f"structural similarity needs the library torchmetrics: {error}; install it: "
            f"{_COMMAND}",
            command=_COMMAND,
        ) from error
