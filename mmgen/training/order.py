"""The order in which a training sees its pictures."""

from typing import Protocol

import torch
from torch import Tensor


class Order(Protocol):
    """An endless row of rows' numbers; a position in it is all the state."""

    def indices(self, position: int, count: int) -> Tensor:
        """Return the indices at positions position … position + count - 1, int64 (count,)."""
        ...


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
            order = self._draw(generator)
            if self._device.type == "cuda":
                order = order.pin_memory().to(self._device, non_blocking=True)
            self._epochs = {e: p for e, p in self._epochs.items() if e == epoch - 1}
            self._epochs[epoch] = order
        return self._epochs[epoch]

    def _draw(self, generator: torch.Generator) -> Tensor:
        return torch.randperm(self.num_pictures, generator=generator)


class BalancedOrder(ShuffledOrder):
    """Epochs in which rare classes come more often than their size has it.

    A class of n pictures has a share of an epoch's places in proportion to n ** (1 - balance),
    exact to within one place. An epoch has as many places as there are pictures. Those of a rare
    class come again and again, each as often as the others of its class, to within one; of a
    frequent class some are left out, others every time.

    Args:
        labels: int64 (N,).
        balance: from 0, shares as they are, to 1, every class equally often.
        seed: of the draws.
        device: where the indices go.
    """

    def __init__(self, labels: Tensor, balance: float, seed: int, device: torch.device) -> None:
        super().__init__(len(labels), seed, device)
        labels = labels.cpu()
        self._members = [torch.nonzero(labels == label)[:, 0] for label in labels.unique()]
        sizes = torch.tensor([len(members) for members in self._members], dtype=torch.float64)
        weights = sizes ** (1 - balance)
        places = len(labels) * weights / weights.sum()
        # What rounding makes of 7.999… is 8 with nothing left over.
        self._places = (places + 1e-6).floor().long()
        self._left_over = (places - self._places).clamp(min=0)

    def _draw(self, generator: torch.Generator) -> Tensor:
        places = self._places.clone()
        # Who gets one of the places that are left over is drawn too.
        spare = self.num_pictures - int(places.sum())
        if spare:
            places[torch.multinomial(self._left_over, spare, generator=generator)] += 1
        chosen = [
            _repeated(members, count, generator)
            for members, count in zip(self._members, places.tolist(), strict=True)
        ]
        order = torch.cat(chosen)
        return order[torch.randperm(len(order), generator=generator)]


def _repeated(members: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Return `count` of the members, all equally often to within one."""
    whole, rest = divmod(count, len(members))
    some = members[torch.randperm(len(members), generator=generator)[:rest]]
    return torch.cat([members.repeat(whole), some])
