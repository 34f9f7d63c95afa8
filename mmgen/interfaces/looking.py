"""Where a picture looked at which word: what a generator and an encoder of texts may tell."""

from typing import Any, Protocol, runtime_checkable

from torch import Tensor

from mmgen.interfaces.condition import Condition
from mmgen.interfaces.noise import Noise


@runtime_checkable
class ShowsAttention(Protocol):
    """Generators that tell where in a picture they looked at which token of a condition."""

    def attention_maps(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
        """Return float32 (N, L, h, w) on the CPU: how much each place looked at each token.

        Arguments are those of `Generator.sample`, whose pictures are drawn for it. What all tokens
        get at a place adds up to 1.
        """
        ...


@runtime_checkable
class LocatesTokens(Protocol):
    """Encoders of texts that tell which letters a token stands for."""

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Return first character and end of each token of the embedding of a text, in order."""
        ...
