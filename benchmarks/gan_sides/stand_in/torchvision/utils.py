"""Grids of pictures."""

from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional


def save_image(
    tensor: Tensor, fp: str | Path, nrow: int = 8, padding: int = 2, *, normalize: bool = False
) -> None:
    """Write grey pictures (N, 1, H, W) as a grid with `nrow` of them in a row.

    Args:
        normalize: stretch what lies between the lowest and the highest value to [0, 1].
    """
    images = tensor.detach().float().cpu()
    if normalize:
        images = (images - images.min()) / (images.max() - images.min()).clamp_min(1e-5)
    images = functional.pad(images, (padding, 0, padding, 0))[:, 0]
    gaps = torch.zeros(-len(images) % nrow, *images.shape[1:])
    rows = [torch.cat([*row], dim=1) for row in torch.cat([images, gaps]).split(nrow)]
    sheet = functional.pad(torch.cat(rows), (0, padding, 0, padding))
    Image.fromarray(sheet.mul(255).round().clamp(0, 255).to(torch.uint8).numpy()).save(fp)
