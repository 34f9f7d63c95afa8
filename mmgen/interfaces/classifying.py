"""Encoders of texts or sounds that can also tell classes apart."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mmgen.errors import UnsupportedOperationError
from mmgen.interfaces.capabilities import Classification
from mmgen.interfaces.encoder import Encoder
from mmgen.options import Options

_VALUES_AT_ONCE = 256


class ClassifyingEncoder(Encoder):
    """An encoder whose classes, if it has any, are read from its pooled vector by a linear layer.

    A subclass calls `add_head` once its width is known.

    Attributes:
        classes: the class names; none where it was not made to tell any apart.
    """

    classes: tuple[str, ...] = ()

    def __init__(self, config: Options) -> None:
        super().__init__(config)
        self.head: nn.Linear | None = None

    def add_head(self, classes: Sequence[str]) -> None:
        """Add the layer that the classes are read from; without classes there is none."""
        self.classes = tuple(classes)
        if self.classes:
            self.head = nn.Linear(self.width, len(self.classes))

    def logits(self, pooled: Tensor) -> Tensor:
        """Return (N, K) of pooled vectors (N, D).

        Raises:
            UnsupportedOperationError: the encoder knows no classes.
        """
        if self.head is None:
            raise UnsupportedOperationError(
                f"this {self.identity.architecture or type(self).__name__} was made without "
                "classes: it embeds, and tells nothing apart"
            )
        return self.head(pooled)

    @torch.inference_mode()
    def classify(self, values: Any) -> Classification:
        """Return the classes' probabilities of contract values: N texts, N clips."""
        if self.training:
            self.eval()
        parts = []
        for start in range(0, len(values), _VALUES_AT_ONCE):
            tensors = self.prepare(values[start : start + _VALUES_AT_ONCE])
            embedding = self(**{name: item.to(self.device) for name, item in tensors.items()})
            parts.append(self.logits(embedding.pooled).float().softmax(dim=1).cpu())
        return Classification(probabilities=torch.cat(parts), classes=self.classes)
