"""How far drawn pictures are from a wanted one: a proper scoring rule of draws."""

import torch
from torch import Tensor


def energy_score(made: Tensor, wanted: Tensor) -> Tensor:
    """Return the energy score of each wanted picture, (N,): the lower the better.

    Gneiting and Raftery 2007, equation 22, with the Euclidean distance of pixels: E|Y - x| -
    ½ E|Y - Y'| for pictures Y drawn under the conditions of x. It is lowest for the true
    distribution, and rises where pictures are poor or all alike.

    Args:
        made: (N, S, C, H, W), S >= 2 draws for each.
        wanted: (N, C, H, W).
    """
    draws = made.shape[1]
    made, wanted = made.float().flatten(2), wanted.float().flatten(1)[:, None]
    to_wanted = torch.cdist(made, wanted).mean(dim=(1, 2))
    among = torch.cdist(made, made).sum(dim=(1, 2)) / (draws * (draws - 1))
    return to_wanted - among / 2
