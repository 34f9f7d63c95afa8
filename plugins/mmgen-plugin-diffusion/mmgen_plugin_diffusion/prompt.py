"""What a denoiser makes of a condition, once for a picture and not once for a step."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import torch
from torch import Tensor, nn

from mmgen.interfaces import Condition


@dataclass(frozen=True)
class Prompt:
    """A condition as the layers of a denoiser want it.

    Attributes:
        vector: (N, D), added to that of the time; None where there is no condition.
        keys, values: of each layer that looks at the tokens, (N, heads, L, D / heads).
        mask: bool (N, 1, 1, L), where there is a token; None where every place has one.
        looks: where given, each look at the tokens leaves its weights here, (N, queries, L).
    """

    vector: Tensor | None
    keys: Sequence[Tensor] = ()
    values: Sequence[Tensor] = ()
    mask: Tensor | None = None
    looks: list[Tensor] | None = field(default=None, repr=False)

    def last(self, rows: int) -> "Prompt":
        """Return the last rows of it."""
        if self.vector is None:
            return self
        return Prompt(
            self.vector[-rows:],
            [key[-rows:] for key in self.keys],
            [value[-rows:] for value in self.values],
            None if self.mask is None else self.mask[-rows:],
            self.looks,
        )

    def repeated(self, times: int) -> "Prompt":
        """Return its vector, one block of N rows after the other."""
        return Prompt(None if self.vector is None else self.vector.repeat(times, 1))


def token_mask(condition: Condition) -> Tensor | None:
    """Return bool (N, 1, 1, L); None where it would leave out nothing."""
    mask = condition.token_mask
    if not torch.compiler.is_compiling() and mask.device.type == "cpu" and bool(mask.all()):
        return None
    return mask[:, None, None]


class Denoiser(nn.Module, ABC):
    """Predicts what noisy samples are made of, in the way of the objective.

    Attributes:
        grid: height and width of the map of places that look at a condition's tokens.
        leave: the last layer; all of it is 0 until something was learned.
    """

    grid: tuple[int, int]
    leave: nn.Linear | nn.Conv2d

    @abstractmethod
    def prepare(self, condition: Condition, looks: list[Tensor] | None = None) -> Prompt:
        """Return what the layers need of a condition; `looks` as in `Prompt`."""

    @abstractmethod
    def moment(self, times: Tensor, prompt: Prompt, levels: Tensor | None = None) -> Tensor:
        """Return what the layers need of a time and of the prompt's vector, (N, …).

        Args:
            times: float32 (N,), 0 to 1.
            levels: int64 (N,), as in `TimeEmbedding`.
        """

    @abstractmethod
    def denoise(self, noisy: Tensor, moment: Tensor, prompt: Prompt) -> Tensor:
        """Return the prediction (N, channels, h, w).

        Args:
            noisy: (N, channels + hints, h, w).
            moment: of its times.
        """

    @abstractmethod
    def inherit(self, other: Self) -> None:
        """Take over what another one learned, of larger patches or without hints."""

    def forward(
        self, noisy: Tensor, times: Tensor, prompt: Prompt, levels: Tensor | None = None
    ) -> Tensor:
        """Return the prediction at times; arguments as of `moment` and `denoise`."""
        return self.denoise(noisy, self.moment(times, prompt, levels), prompt)
