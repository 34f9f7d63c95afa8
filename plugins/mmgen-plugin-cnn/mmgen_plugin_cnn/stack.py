"""The plain convolutional network."""

from collections.abc import Iterator

import torch.nn.functional as F
from torch import Tensor, nn

from mmgen_plugin_cnn.classifier import Classifier, conv
from mmgen_plugin_cnn.config import CnnConfig


class Cnn(Classifier):
    """Convolutions with batch normalisation, and pooling by turns.

    LeCun et al. 1998 in the form of Simonyan and Zisserman 2015, with Ioffe and Szegedy 2015 and,
    in place of large linear layers, the mean over all positions (Lin et al. 2014).
    """

    config: CnnConfig

    def __init__(self, config: CnnConfig) -> None:
        super().__init__(config)
        before = (config.channels, *config.widths[:-1])
        self.sizes = nn.ModuleList(
            [
                nn.Sequential(*_layers(width, out_width, config.convolutions))
                for width, out_width in zip(before, config.widths, strict=True)
            ]
        )

    @property
    def map_names(self) -> tuple[str, ...]:
        """size1, size2, …"""
        return tuple(f"size{number}" for number in range(1, len(self.sizes) + 1))

    def maps(self, images: Tensor) -> Iterator[Tensor]:
        """Yield the map of each size, before it is pooled."""
        features = images
        for index, size in enumerate(self.sizes):
            if index:
                features = F.max_pool2d(features, 2, ceil_mode=True)
            features = size(features)
            yield features


def _layers(width: int, out_width: int, count: int) -> Iterator[nn.Module]:
    for index in range(count):
        yield conv(out_width if index else width, out_width, 3)
        yield nn.BatchNorm2d(out_width)
        yield nn.ReLU(inplace=True)
