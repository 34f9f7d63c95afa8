"""What the benchmark of GANs holds against real pictures: a side and its pictures."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor


@dataclass(frozen=True, kw_only=True, eq=False)
class Side:
    """Pictures of one origin.

    Attributes:
        images: uint8 (N, 1, H, W).
        images_seen: how many real pictures its training was shown, repetitions counted; None
            where nothing was trained, or it is not known.
        facts: what else must be known of them; JSON-able.
    """

    name: str
    images: Tensor
    images_seen: int | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def px(self) -> int:
        return self.images.shape[-1]


def resize(images: Tensor, px: int) -> Tensor:
    """Square pictures, uint8 (N, 1, H, W), of another size: Pillow's antialiased bilinear filter.

    It is what torchvision's Resize does to pictures of Pillow.
    """
    if images.shape[-2:] == (px, px):
        return images
    pictures = (Image.fromarray(pixels) for pixels in images[:, 0].numpy())
    filtered = [np.asarray(one.resize((px, px), Image.Resampling.BILINEAR)) for one in pictures]
    return torch.from_numpy(np.stack(filtered))[:, None]
