"""Signs that a training goes wrong: numbers that are not finite, a loss that explodes."""

import math
import statistics
from collections import deque
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

_HISTORY = 20
_ENOUGH = 5
_ALIKE = 1e-3


class ExplosionWatch:
    """Watches the mean losses of one phase for a sudden rise."""

    def __init__(self) -> None:
        self._history: deque[float] = deque(maxlen=_HISTORY)
        self._warned = False

    def add(self, loss: float) -> str:
        """Take the mean loss of an interval; return a warning, or "".

        It warns once, when a loss lies above all recent ones by ten times their whole spread.
        """
        history = list(self._history)
        self._history.append(loss)
        if self._warned or len(history) < _ENOUGH:
            return ""
        spread = max(history) - min(history)
        floor = 0.1 * max(abs(statistics.median(history)), 1e-6)
        if loss <= max(history) + 10 * max(spread, floor):
            return ""
        self._warned = True
        return (
            f"the loss rose from {history[-1]:.4g} to {loss:.4g}: the training may be about to "
            "diverge; a lower learning_rate, a warm-up or clip_norm helps"
        )


def first_not_finite(values: Sequence[float]) -> int | None:
    """Return the place of the first NaN or infinite value, or None."""
    return next((at for at, value in enumerate(values) if not math.isfinite(value)), None)


@torch.no_grad()
def all_finite(tensors: Iterable[Tensor]) -> bool:
    """Return whether no element of any floating-point tensor is NaN or infinite."""
    floating = [tensor for tensor in tensors if tensor.is_floating_point() and tensor.numel()]
    if not floating:
        return True
    # x - x is 0 for finite x and NaN otherwise; so is the maximum of it.
    return bool(torch.stack([tensor.sub(tensor).amax().float() for tensor in floating]).eq(0).all())


def warn_if_alike(images: Tensor) -> str:
    """Return a warning if samples (N, C, H, W) hardly differ from each other, or ""."""
    if len(images) < 2 or float(images.std(dim=0).mean()) > _ALIKE:
        return ""
    return "all samples look alike: the model may have collapsed"
