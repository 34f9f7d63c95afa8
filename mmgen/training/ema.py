"""The moving average of the weights, which is what is sampled, evaluated and saved."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


class MovingAverage:
    """An exponential moving average of the parameters of some modules (Polyak and Juditsky 1992).

    The decay grows with the number of updates, min(decay, (1 + n) / (10 + n)), so that the random
    start is soon forgotten. The running statistics of batch normalisation are averaged too, and
    the buffers that a module names in `averaged_buffers`: those of the last few batches do not fit
    weights of long before. Other buffers are as they are.

    Args:
        modules: whose floating-point parameters are averaged; one may be in several modules.
        decay: 0 to 1; the weight of the past.
    """

    def __init__(self, modules: Sequence[nn.Module], decay: float) -> None:
        distinct = {id(t): t for module in modules for t in _averaged(module)}
        self.originals: list[Tensor] = [t for t in distinct.values() if t.is_floating_point()]
        self.decay = decay
        self.updates = 0
        self.averages = [tensor.detach().clone() for tensor in self.originals]
        # Detached views share storage with the originals, and cost no autograd bookkeeping.
        self._current = [tensor.detach() for tensor in self.originals]

    def update(self) -> None:
        """Move the average towards the current parameters."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        torch._foreach_lerp_(self.averages, self._current, 1 - decay)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Let the modules have the averages as their parameters for a while.

        The values are swapped, not the tensors: compiled code and optimisers keep pointing right.
        """
        with torch.no_grad():
            current = [parameter.clone() for parameter in self._current]
            torch._foreach_copy_(self._current, self.averages)
        try:
            yield
        finally:
            with torch.no_grad():
                torch._foreach_copy_(self._current, current)

    @torch.no_grad()
    def commit(self) -> None:
        """Give the modules the averages for good."""
        torch._foreach_copy_(self._current, self.averages)

    def tensors(self, names: Mapping[int, str]) -> dict[str, Tensor]:
        """Return the averages by name; `names` gives that of each parameter and buffer, by id."""
        return {
            names[id(tensor)]: average
            for tensor, average in zip(self.originals, self.averages, strict=True)
        }

    def restore(self, tensors: Mapping[str, Tensor], names: Mapping[int, str]) -> None:
        """Put back what `tensors` returned."""
        for tensor, average in zip(self.originals, self.averages, strict=True):
            average.copy_(tensors[names[id(tensor)]])


def _averaged(module: nn.Module) -> Iterator[Tensor]:
    yield from module.parameters()
    for part in module.modules():
        if isinstance(part, _BatchNorm):
            yield from (t for t in (part.running_mean, part.running_var) if t is not None)
        yield from (getattr(part, name) for name in getattr(part, "averaged_buffers", ()))
