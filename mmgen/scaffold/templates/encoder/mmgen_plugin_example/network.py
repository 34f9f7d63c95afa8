"""The network: from pictures to an embedding, and from that to classes."""

from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgen import Embedding, Size
from mmgen.interfaces import ClassifyingEncoder
from mmgen.media.fitting import fit_pictures
from mmgen_plugin_example.config import ExampleConfig


class Example(ClassifyingEncoder):
    """Convolutions; the tokens are the places of the last map, the pooled vector is their mean.

    A generator can take it as a condition, a metric as a judge or for its features: none of them
    asks what is inside.
    """

    config: ExampleConfig
    modality = "image"

    def __init__(self, config: ExampleConfig) -> None:
        super().__init__(config)
        self.width = config.widths[-1]
        self.size = Size(channels=config.channels, height=config.height, width=config.width)
        self.enter = nn.Conv2d(config.channels, config.widths[0], 3, padding=1)
        self.halves = nn.ModuleList(
            [nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in pairwise(config.widths)]
        )
        self.norm = nn.LayerNorm(self.width)
        self.add_head(config.classes)

    def prepare(self, values: Any) -> dict[str, Tensor]:
        """Return {"images": (N, C, H, W)} of pictures in [0, 1] of any size and channels."""
        config = self.config
        return {"images": fit_pictures(values, config.channels, config.height, config.width)}

    def forward(self, *, images: Tensor) -> Embedding:  # type: ignore[override]
        """Embed images (N, C, H, W) in [0, 1] as tokens (N, h · w, D) and pooled (N, D)."""
        features = F.silu(self.enter(2 * images.to(self.dtype) - 1))
        for half in self.halves:
            features = F.silu(half(features))
        tokens = self.norm(features.flatten(2).transpose(1, 2))
        mask = torch.ones(tokens.shape[:2], dtype=torch.bool, device=tokens.device)
        return Embedding(tokens, mask, tokens.mean(dim=1))
