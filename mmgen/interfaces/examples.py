"""What rows of the training data said, for a generator that is told nothing."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mmgen.interfaces.noise import Noise


class Examples(nn.Module):
    """Conditions of training rows, one slot's of a row each.

    Attributes:
        vectors: pooled and projected, (K, D).
        slots: int64 (K,), which slot each is of.
    """

    vectors: Tensor
    slots: Tensor

    def __init__(self, count: int, width: int) -> None:
        super().__init__()
        self.register_buffer("vectors", torch.zeros(count, width))
        self.register_buffer("slots", torch.zeros(count, dtype=torch.int64))

    def __len__(self) -> int:
        return len(self.vectors)

    def fill(self, by_slot: Mapping[int, Tensor]) -> None:
        """Keep vectors (M, D) of some slots, as many of each slot, from all of its M alike."""
        bounds = torch.linspace(0, len(self), len(by_slot) + 1).round().long().tolist()
        for place, (slot, vectors) in enumerate(by_slot.items()):
            own = slice(bounds[place], bounds[place + 1])
            count = own.stop - own.start
            rows = torch.arange(count, device=vectors.device) * len(vectors) // max(count, 1)
            self.vectors[own] = vectors[rows].to(self.vectors)
            self.slots[own] = slot

    def draw(self, rng: Noise) -> tuple[Tensor, Tensor]:
        """Return vectors (N, D) and slots (N,), each example as likely as any other."""
        chosen = (rng.uniform((), stream="examples") * len(self)).long().to(self.slots.device)
        return self.vectors[chosen], self.slots[chosen]
