"""From a grey picture of Pillow to a normalised tensor, with torchvision's results."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor


class Compose:
    """One after the other."""

    def __init__(self, transforms: Sequence[Callable[[Any], Any]]) -> None:
        self.transforms = transforms

    def __call__(self, value: Any) -> Any:
        for transform in self.transforms:
            value = transform(value)
        return value


class Resize:
    """Square pictures to `size` px a side, bilinear; Pillow's filter averages where it shrinks."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __call__(self, picture: Image.Image) -> Image.Image:
        if picture.width != picture.height:
            raise ValueError(f"square pictures are resized; got {picture.size}")
        return picture.resize((self.size, self.size), Image.Resampling.BILINEAR)


class ToTensor:
    """Bytes (H, W) to float32 (1, H, W) in [0, 1]."""

    def __call__(self, picture: Image.Image) -> Tensor:
        return torch.from_numpy(np.array(picture))[None].float().div(255)


class Normalize:
    """(x - mean) / std, channel by channel."""

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        self.mean, self.std = (torch.tensor(values)[:, None, None] for values in (mean, std))

    def __call__(self, image: Tensor) -> Tensor:
        return (image - self.mean) / self.std
