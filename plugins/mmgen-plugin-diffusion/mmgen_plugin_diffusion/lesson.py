"""What a denoiser learns from a batch."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from mmgen.interfaces import Condition


@dataclass(frozen=True)
class Lesson:
    """What a denoiser shall predict, for a batch of N rows.

    Attributes:
        data, noise: (N, K, h, w).
        times: (N,).
        hints: what is known, (N, K + 1, h, w); None where the model does not inpaint.
        levels: int64 (N,), as in `TimeEmbedding`; the first `num_short` are short cuts, the rest 0.
    """

    data: Tensor
    noise: Tensor
    times: Tensor
    condition: Condition
    hints: Tensor | None
    levels: Tensor | None = None
    num_short: int = 0

    def with_shortcuts(self, levels: Tensor) -> "Lesson":
        """Return the lesson with short cuts of some levels in its first rows."""
        few = len(levels)
        flow = torch.zeros(len(self.data) - few, dtype=levels.dtype, device=levels.device)
        return replace(self, levels=torch.cat([levels, flow]), num_short=few)

    def rows(self, chosen: slice) -> "Lesson":
        """Return some rows of the lesson, all of one kind: its `num_short` is 0."""
        places = torch.arange(len(self.data), device=self.data.device)[chosen]
        optional = (self.hints, self.levels)
        hints, levels = (None if part is None else part[chosen] for part in optional)
        condition = self.condition.rows(places)
        return Lesson(
            self.data[chosen], self.noise[chosen], self.times[chosen], condition, hints, levels
        )
