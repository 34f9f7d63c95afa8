"""The network that tells what is at each place of a scene."""

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgen.errors import InputError, did_you_mean
from mmgen.interfaces import Embedding, Encoder
from mmgen.media.fitting import fit_pictures
from mmgen.slots import Size
from mmgen_plugin_scenes.config import SceneReaderConfig
from mmgen_plugin_scenes.readings import NUM_CHOICES, NUM_PLACES, Readings
from mmgen_plugin_scenes.vocabulary import PLACES

_PICTURES_AT_ONCE = 256
_OUTWARDS = 0.62  # of half a side: how far the outer places are from the centre
_SPREAD = 0.3  # of half a side: within which the looks of a place begin


class SceneReader(Encoder):
    """Convolutions that halve the size, residual blocks (He et al. 2016), a look at each place.

    A place is read from weighted means of the last map, whose weights are learned and begin as
    Gaussian windows around it. One small network reads all places alike, so that a digit that was
    learned at one is known at the others; linear layers tell value, colour and size apart. The
    embedding's tokens are what is known of the five places; pooled is their mean.
    """

    config: SceneReaderConfig
    modality = "image"

    def __init__(self, config: SceneReaderConfig) -> None:
        super().__init__(config)
        widths, width = config.widths, config.embedding_width
        self.width = width
        self.size = Size(channels=config.channels, height=config.height, width=config.width)
        stages, before = [], config.channels
        for index, out_width in enumerate(widths):
            blocks = [_Residual(out_width) for _ in range(config.blocks if index else 0)]
            kernel = 3 if index else 5
            stages.append(nn.Sequential(_halve(before, out_width, kernel), *blocks))
            before = out_width
        self.stages = nn.ModuleList(stages)
        map_size = [math.ceil(side / 2 ** len(widths)) for side in (config.height, config.width)]
        self.looks = nn.Parameter(_windows(config.looks, *map_size))
        self.known = nn.Sequential(
            nn.Linear(config.looks * widths[-1], width), nn.LayerNorm(width), nn.ReLU()
        )
        self.heads = nn.ModuleList([nn.Linear(width, number) for number in NUM_CHOICES])

    @property
    def layers(self) -> tuple[str, ...]:
        """What `encode` can give: the last map, and the embedding's pooled vector."""
        return ("map", "pooled")

    def prepare(self, values: Any) -> dict[str, Tensor]:
        """Return {"images": (N, 3, H, W)} of pictures (N, C, H', W') in [0, 1], or a list."""
        config = self.config
        return {"images": fit_pictures(values, config.channels, config.height, config.width)}

    def forward(self, *, images: Tensor) -> Embedding:  # type: ignore[override]
        """Embed images (N, 3, H, W) in [0, 1] as a token for each place, (N, 5, D)."""
        tokens = self.look(self.map(images))
        mask = torch.ones(tokens.shape[:2], dtype=torch.bool, device=tokens.device)
        return Embedding(tokens, mask, tokens.mean(dim=1))

    def map(self, images: Tensor) -> Tensor:
        """Return the last map (N, C, h, w) of images (N, 3, H, W) in [0, 1]."""
        features = (images * 2 - 1).to(memory_format=torch.channels_last)
        for stage in self.stages:
            features = stage(features)
        return features

    def look(self, features: Tensor) -> Tensor:
        """Return what is known of each place, (N, 5, D), of maps (N, C, h, w)."""
        positions = features.flatten(2).transpose(1, 2)  # (N, h · w, C)
        seen = self.looks.flatten(0, 1) @ positions  # (N, 5 · looks, C)
        return self.known(seen.reshape(len(features), NUM_PLACES, -1))

    def logits(self, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return logits of value (N, 5, 11), colour (N, 5, 9) and size (N, 5, 4)."""
        value, colour, size = (head(tokens) for head in self.heads)
        return value, colour, size

    @torch.inference_mode()
    def read(self, images: Tensor | Sequence[Tensor]) -> Readings:
        """Return what is at each place of pictures, on the CPU.

        Args:
            images: (N, C, H, W) in [0, 1], or a list of (C, H, W) of unequal sizes.
        """
        parts = []
        for prepared in self._parts(images):
            logits = self.logits(self.look(self.map(prepared)))
            parts.append(Readings(*(part.argmax(dim=2).cpu() for part in logits)))
        return Readings.joined(parts) if parts else Readings.nothing(0)

    @torch.inference_mode()
    def encode(
        self, images: Tensor | Sequence[Tensor], *, layers: Sequence[str] = ("pooled",)
    ) -> dict[str, Tensor]:
        """Return the features of pictures: "map" (N, C, h, w), "pooled" (N, D), on the CPU.

        Raises:
            InputError: there is no such layer, or a picture is out of range.
        """
        for name in layers:
            if name not in self.layers:
                raise InputError(
                    f"unknown layer {name!r}{did_you_mean(name, self.layers)}; "
                    f"there are {', '.join(self.layers)}"
                )
        found: dict[str, list[Tensor]] = {name: [] for name in layers}
        for prepared in self._parts(images):
            features = self.map(prepared)
            both = {"map": features, "pooled": self.look(features).mean(dim=1)}
            for name, parts in found.items():
                parts.append(both[name].float().cpu())
        return {name: torch.cat(parts) for name, parts in found.items()}

    def _parts(self, images: Any) -> Any:
        for start in range(0, len(images), _PICTURES_AT_ONCE):
            prepared = self.prepare(images[start : start + _PICTURES_AT_ONCE])["images"]
            yield prepared.to(self.device, self.dtype)


class _Residual(nn.Module):
    """Two convolutions and a way around them, on a rectified map."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = _conv(width, width, 3, 1), _conv(width, width, 3, 1)
        self.first_norm, self.second_norm = nn.BatchNorm2d(width), nn.BatchNorm2d(width)

    def forward(self, features: Tensor) -> Tensor:
        """Map (N, width, h, w) to the same shape."""
        inner = F.relu(self.first_norm(self.first(features)))
        return F.relu(features + self.second_norm(self.second(inner)))


def _halve(width: int, out_width: int, kernel: int) -> nn.Sequential:
    return nn.Sequential(
        _conv(width, out_width, kernel, 2), nn.BatchNorm2d(out_width), nn.ReLU(inplace=True)
    )


def _conv(width: int, out_width: int, kernel: int, stride: int) -> nn.Conv2d:
    layer = nn.Conv2d(width, out_width, kernel, stride, padding=kernel // 2, bias=False)
    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    return layer


def _windows(looks: int, height: int, width: int) -> Tensor:
    """Return weights (5, looks, h · w), each adding up to 1: windows around each place.

    The looks lie on a square grid around the place, as far as it goes.
    """
    per_side = math.ceil(math.sqrt(looks))
    steps = torch.linspace(-_SPREAD, _SPREAD, per_side) if per_side > 1 else torch.zeros(1)
    around = torch.cartesian_prod(steps, steps).reshape(-1, 2)[:looks]  # (looks, 2): y, x
    centres = _OUTWARDS * torch.tensor([(y, x) for x, y in PLACES.values()])
    wanted = centres[:, None] + around
    rows = (torch.arange(height) + 0.5) / height * 2 - 1
    columns = (torch.arange(width) + 0.5) / width * 2 - 1
    positions = torch.cartesian_prod(rows, columns)  # (h · w, 2)
    squares = (wanted[:, :, None] - positions).square().sum(dim=3)
    return (-squares / (2 * (2 / max(height, width)) ** 2 * 0.5)).softmax(dim=2)
