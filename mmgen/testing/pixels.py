"""The network of the stand-in encoder of pictures."""

from typing import Any

import torch
from torch import Tensor, nn

from mmgen.interfaces import Embedding, Encoder
from mmgen.media.fitting import fit_pictures
from mmgen.slots import Size
from mmgen.testing.stand_in import PixelsConfig


class PixelsEncoder(Encoder):
    """Pictures by one linear layer: a token for each row of pixels, their mean pooled."""

    modality = "image"

    def __init__(self, config: PixelsConfig) -> None:
        super().__init__(config)
        self.width = config.features
        self.size = Size(channels=config.channels, height=config.height, width=config.width)
        self.layer = nn.Linear(config.channels * config.width, config.features)

    def prepare(self, values: Any) -> dict[str, Tensor]:
        """Return {"images": (N, C, H, W)} of pictures of any size."""
        size = self.size
        assert size is not None
        return {"images": fit_pictures(values, size.channels, size.height, size.width)}

    def forward(self, *, images: Tensor) -> Embedding:  # type: ignore[override]
        """Embed images (N, C, H, W) in [0, 1]."""
        tokens = torch.tanh(self.layer(images.permute(0, 2, 1, 3).flatten(2)))
        mask = torch.ones(tokens.shape[:2], dtype=torch.bool, device=tokens.device)
        return Embedding(tokens, mask, tokens.mean(dim=1))
