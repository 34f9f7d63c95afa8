"""Encoders: from what the user gives to tokens and a pooled vector."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Self

from torch import Tensor

from mmgen.interfaces.model import Model
from mmgen.slots import Size, Slot


@dataclass(frozen=True)
class Embedding:
    """What an encoder makes of N values.

    Attributes:
        tokens: float (N, L, D).
        token_mask: bool (N, L), True where there is a token.
        pooled: float (N, D), one vector for the whole.
    """

    tokens: Tensor
    token_mask: Tensor
    pooled: Tensor


class Encoder(Model, ABC):
    """A network from values of one modality to an `Embedding`.

    Attributes:
        modality: the modality it takes.
        width: D of its embeddings.
        size: of the pictures that an encoder of pictures learns from; None for other encoders.
        frozen: whether, as a condition, it stays as it is while the generator learns: then it is in
            eval mode, and embeds each value once.
    """

    modality: str
    width: int
    size: Size | None = None
    frozen: bool = False

    @classmethod
    def from_data(cls, config: Any, values: Any) -> Self:  # noqa: ARG003
        """Return a new encoder for the values of a data set, with random weights.

        What is not learned by gradients but taken from the data, as a vocabulary, is made here.
        Most encoders take nothing.

        Args:
            config: the architecture's.
            values: of the column that it shall encode, all of them: labels int64 (N,), a list of
                texts; pictures as the data set holds them.

        Raises:
            DataError: nothing can be made of these values.
        """
        return cls(config)

    def slot(self, name: str, *, required: bool = False) -> Slot:
        """Return the slot that this encoder fills under a name."""
        return Slot(name=name, modality=self.modality, required=required)

    @abstractmethod
    def prepare(self, values: Any) -> dict[str, Tensor]:
        """Turn contract values (labels int64 (N,), a list of N texts, …) into tensors (N, …).

        Depends on nothing but the config and assets: may run in a worker, may be cached.
        """

    @abstractmethod
    def forward(self, **tensors: Tensor) -> Embedding:
        """Embed what `prepare` returned."""
