"""What all classifiers do: features at named layers, an embedding, probabilities."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgen.errors import InputError, UnsupportedOperationError, did_you_mean
from mmgen.interfaces import Classification, Embedding, Encoder
from mmgen.media.fitting import fit_pictures
from mmgen.nn import dropout
from mmgen.slots import Size
from mmgen_plugin_cnn.config import ClassifierConfig

_PICTURES_AT_ONCE = 256


class Classifier(Encoder, ABC):
    """An encoder of pictures that was, or is to be, trained to tell classes apart.

    The embedding's tokens are the positions of the last feature map; pooled is their mean, which
    the classes are read from by one linear layer. Without classes there is no such layer: the
    network gives features alone.
    """

    config: ClassifierConfig
    modality = "image"

    def __init__(self, config: ClassifierConfig) -> None:
        super().__init__(config)
        self.classes = config.classes
        self.width = config.widths[-1]
        self.size = Size(channels=config.channels, height=config.height, width=config.width)
        self.head = nn.Linear(self.width, len(config.classes)) if config.classes else None

    @property
    @abstractmethod
    def map_names(self) -> tuple[str, ...]:
        """The names of the feature maps, from the first to the last."""

    @abstractmethod
    def maps(self, images: Tensor) -> Iterator[Tensor]:
        """Yield the feature maps (N, D_l, h_l, w_l) of images (N, C, H, W) in [-1, 1]."""

    @property
    def layers(self) -> tuple[str, ...]:
        """What `encode` can give: the feature maps, then "pooled" and, of classes, "logits"."""
        return (*self.map_names, "pooled", *(("logits",) if self.classes else ()))

    def prepare(self, values: Any) -> dict[str, Tensor]:
        """Return {"images": (N, C, H, W)} of pictures (N, C', H', W') in [0, 1], or a list.

        They are brought to the network's channels and size.
        """
        config = self.config
        images = fit_pictures(values, config.channels, config.height, config.width)
        return {"images": images}

    def forward(self, *, images: Tensor) -> Embedding:  # type: ignore[override]
        """Embed images (N, C, H, W) in [0, 1] as tokens (N, h · w, D) and pooled (N, D)."""
        *_, last = self.maps(_centred(images.to(self.dtype)))
        tokens = last.flatten(2).transpose(1, 2)
        mask = torch.ones(tokens.shape[:2], dtype=torch.bool, device=tokens.device)
        return Embedding(tokens, mask, pool(last))

    def logits(self, pooled: Tensor) -> Tensor:
        """Return (N, K) of pooled features (N, D).

        Raises:
            UnsupportedOperationError: the network was built without classes.
        """
        self.demand_classes()
        assert self.head is not None
        return self.head(dropout(pooled, self.config.dropout, self.training))

    def demand_classes(self) -> None:
        """Raise UnsupportedOperationError for a network without classes."""
        if not self.classes:
            name = self.identity.architecture or "network"
            raise UnsupportedOperationError(
                f"a classifier needs the names of its classes; this {name} was built without: it "
                "gives features alone (encode)"
            )

    @torch.inference_mode()
    def encode(
        self, images: Tensor | Sequence[Tensor], *, layers: Sequence[str] = ("pooled",)
    ) -> dict[str, Tensor]:
        """Return the features of pictures at named layers.

        Args:
            images: (N, C, H, W) in [0, 1], or a list of (C, H, W) of unequal sizes.
            layers: of `self.layers`.

        Returns:
            By name: maps (N, D, h, w), "pooled" (N, D), "logits" (N, K); float32, on the CPU.

        Raises:
            InputError: there is no such layer, or a picture is out of range.
        """
        for name in layers:
            if name not in self.layers:
                raise InputError(
                    f"unknown layer {name!r}{did_you_mean(name, self.layers)}; "
                    f"there are {', '.join(self.layers)}"
                )
        parts = [self._features(rows, layers) for rows in _in_parts(images)]
        return {name: torch.cat([part[name] for part in parts]) for name in layers}

    def classify(self, images: Tensor | Sequence[Tensor]) -> Classification:
        """Return the classes' probabilities; images as `encode` takes them.

        With `mirrored` the mean over each picture and its mirror image (Krizhevsky et al. 2012,
        section 4.1).

        Raises:
            UnsupportedOperationError: the network was built without classes.
        """
        self.demand_classes()
        probabilities = self._probabilities(images)
        if self.config.mirrored:
            if isinstance(images, Tensor):
                images = images.flip(-1)
            else:
                images = [image.flip(-1) for image in images]
            probabilities = (probabilities + self._probabilities(images)) / 2
        return Classification(probabilities=probabilities, classes=self.classes)

    def _probabilities(self, images: Tensor | Sequence[Tensor]) -> Tensor:
        return self.encode(images, layers=("logits",))["logits"].softmax(dim=1)

    def _features(self, images: Any, layers: Sequence[str]) -> dict[str, Tensor]:
        prepared = self.prepare(images)["images"].to(self.device, self.dtype)
        maps = list(self.maps(_centred(prepared)))
        found = dict(zip(self.map_names, maps, strict=True))
        found["pooled"] = pool(maps[-1])
        if "logits" in layers:
            found["logits"] = self.logits(found["pooled"])
        return {name: found[name].float().cpu() for name in layers}


def pool(features: Tensor) -> Tensor:
    """Return the mean over all positions, (N, D), of a map (N, D, h, w)."""
    return F.adaptive_avg_pool2d(features, 1).flatten(1)


def conv(width: int, out_width: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    """Return a convolution that a normalisation follows: without bias, made for ReLUs.

    He et al. 2015, equation 10, for the start.
    """
    layer = nn.Conv2d(width, out_width, kernel, stride=stride, padding=kernel // 2, bias=False)
    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    return layer


def _centred(images: Tensor) -> Tensor:
    """Return images in [-1, 1], laid out so that convolutions are fast."""
    return (images * 2 - 1).to(memory_format=torch.channels_last)


def _in_parts(images: Tensor | Sequence[Tensor]) -> Iterator[Any]:
    for start in range(0, len(images), _PICTURES_AT_ONCE):
        yield images[start : start + _PICTURES_AT_ONCE]
