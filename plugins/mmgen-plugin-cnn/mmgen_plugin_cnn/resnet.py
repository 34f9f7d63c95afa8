"""The residual network."""

from collections.abc import Iterator

import torch.nn.functional as F
from torch import Tensor, nn

from mmgen_plugin_cnn.classifier import Classifier, conv
from mmgen_plugin_cnn.config import ResNetConfig


class ResNet(Classifier):
    """He et al. 2016 ("Identity mappings"): normalise, rectify, convolve; the sum stays free.

    Shortcuts that halve the size average first, so that they see every pixel (He et al. 2019,
    ResNet-D).
    """

    config: ResNetConfig

    def __init__(self, config: ResNetConfig) -> None:
        super().__init__(config)
        first = config.widths[0]
        stride = min(2, config.stem_stride)
        self.stem = conv(config.channels, first, 3 if stride == 1 else 5, stride)
        sizes = []
        width = first
        for index, out_width in enumerate(config.widths):
            blocks = [Block(width, out_width, stride=2 if index else 1)]
            blocks += [Block(out_width, out_width, stride=1) for _ in range(config.blocks - 1)]
            sizes.append(nn.Sequential(*blocks))
            width = out_width
        self.sizes = nn.ModuleList(sizes)
        self.norm = nn.BatchNorm2d(width)

    @property
    def map_names(self) -> tuple[str, ...]:
        """size1, size2, …"""
        return tuple(f"size{number}" for number in range(1, len(self.sizes) + 1))

    def maps(self, images: Tensor) -> Iterator[Tensor]:
        """Yield the map at the end of each size; the last one normalised and rectified."""
        features = self.stem(images)
        if self.config.stem_stride == 4:
            features = F.max_pool2d(features, 2, ceil_mode=True)
        for index, size in enumerate(self.sizes):
            features = size(features)
            if index + 1 < len(self.sizes):
                yield features
        yield F.relu(self.norm(features))


class Block(nn.Module):
    """Two convolutions and a way around them."""

    def __init__(self, width: int, out_width: int, *, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.first_norm = nn.BatchNorm2d(width)
        self.first = conv(width, out_width, 3, stride)
        self.second_norm = nn.BatchNorm2d(out_width)
        self.second = conv(out_width, out_width, 3)
        self.shortcut = conv(width, out_width, 1) if stride > 1 or width != out_width else None

    def forward(self, features: Tensor) -> Tensor:
        """Map (N, width, h, w) to (N, out_width, h / stride, w / stride), rounded up."""
        active = F.relu(self.first_norm(features))
        if self.shortcut is not None:
            features = self.shortcut(_halved(active) if self.stride > 1 else active)
        inner = F.relu(self.second_norm(self.first(active)))
        return features + self.second(inner)


def _halved(features: Tensor) -> Tensor:
    return F.avg_pool2d(features, 2, ceil_mode=True, count_include_pad=False)
