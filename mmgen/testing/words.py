"""The network of the stand-in encoder."""

from typing import Any

import torch
from torch import Tensor, nn

from mmgen.interfaces import Embedding, Encoder
from mmgen.testing.stand_in import WordsConfig

_LETTERS = 8


class WordsEncoder(Encoder):
    """Texts of unequal length: one token for each of the first letters, their mean pooled."""

    modality = "text"

    def __init__(self, config: WordsConfig) -> None:
        super().__init__(config)
        self.width = config.width
        self.vectors = nn.Embedding(128, config.width)

    def prepare(self, values: Any) -> dict[str, Tensor]:
        """Return {"letters": int64 (N, 8), 0 where the text has ended}."""
        rows = [[ord(letter) % 127 + 1 for letter in text[:_LETTERS]] for text in values]
        padded = [row + [0] * (_LETTERS - len(row)) for row in rows]
        return {"letters": torch.tensor(padded, dtype=torch.int64)}

    def forward(self, *, letters: Tensor) -> Embedding:  # type: ignore[override]
        """Embed letters int64 (N, 8)."""
        tokens = self.vectors(letters)
        mask = letters > 0
        weights = mask / mask.sum(dim=1, keepdim=True)
        pooled = (tokens * weights.to(tokens.dtype)[..., None]).sum(dim=1)
        return Embedding(tokens, mask, pooled)
