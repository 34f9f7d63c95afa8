"""Labels as conditions."""

from typing import Any

import torch
from torch import Tensor, nn

from mmgen.builtin import LabelEmbeddingConfig
from mmgen.interfaces.encoder import Embedding, Encoder
from mmgen.slots import Slot


class LabelEmbedding(Encoder):
    """A learned vector per class: one token, which is the pooled vector too."""

    modality = "label"

    def __init__(self, config: LabelEmbeddingConfig) -> None:
        super().__init__(config)
        self.classes = config.classes
        self.width = config.width
        self.vectors = nn.Embedding(len(config.classes), config.width)

    def slot(self, name: str, *, required: bool = False) -> Slot:
        """Return the slot with the class names."""
        return Slot(name=name, modality="label", required=required, classes=self.classes)

    def prepare(self, values: Any) -> dict[str, Tensor]:
        """Return {"labels": int64 (N,)}."""
        return {"labels": torch.as_tensor(values, dtype=torch.int64)}

    def forward(self, *, labels: Tensor) -> Embedding:  # type: ignore[override]
        """Embed labels int64 (N,) as tokens (N, 1, D) and pooled (N, D)."""
        pooled = self.vectors(labels)
        mask = torch.ones(len(labels), 1, dtype=torch.bool, device=labels.device)
        return Embedding(pooled[:, None], mask, pooled)
