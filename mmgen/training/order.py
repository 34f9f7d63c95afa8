"""The order in which a training sees its pictures."""

import torch
from torch import Tensor


class ShuffledOrder:
    """An endless row of epochs, each a permutation that depends on (seed, epoch) alone.

    Batches are cut from the row without regard to where an epoch ends, so that all have the same
    size and every picture comes exactly once an epoch. A position in the row is all the state.

    Args:
        num_pictures: N >= 1.
        seed: of the permutations.
        device: where the indices go.
    """

    def __init__(self, num_pictures: int, seed: int, device: torch.device) -> None:
        self.num_pictures = num_pictures
        self._seed = seed
        self._device = device
        self._epochs: dict[int, Tensor] = {}

    def indices(self, position: int, count: int) -> Tensor:
        """Return the indices at positions position … position + count - 1, int64 (count,)."""
        epoch, start = divmod(position, self.num_pictures)
        if start + count <= self.num_pictures:
            return self._permutation(epoch)[start : start + count]
        pieces = []
        while count > 0:
            piece = self._permutation(epoch)[start : start + count]
            pieces.append(piece)
            count -= len(piece)
            epoch, start = epoch + 1, 0
        return torch.cat(pieces)

    def _permutation(self, epoch: int) -> Tensor:
        if epoch not in self._epochs:
            generator = torch.Generator().manual_seed((self._seed * 1_000_003 + epoch) % 2**63)
            order = torch.randperm(self.num_pictures, generator=generator)
            if self._device.type == "cuda":
                order = order.pin_memory().to(self._device, non_blocking=True)
            self._epochs = {e: p for e, p in self._epochs.items() if e == epoch - 1}
            self._epochs[epoch] = order
        return self._epochs[epoch]
