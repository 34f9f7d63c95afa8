"""Out of memory, in words that help."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from mmgen.errors import OutOfMemoryError


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error means that the device's memory did not suffice."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    words = str(error).lower()
    # CUDA and others; the CPU on Linux; the CPU on Windows.
    signs = ("out of memory", "can't allocate memory", "not enough memory")
    return isinstance(error, RuntimeError) and any(sign in words for sign in signs)


@contextmanager
def report_out_of_memory(draw: Callable[[int], Any], batch_size: int) -> Iterator[None]:
    """Turn running out of memory into an error that says which batch size fits.

    Args:
        draw: does the same work for a smaller batch; tried at halved sizes until one fits.
        batch_size: of the work in the block.

    Raises:
        OutOfMemoryError: in place of the device's own error.
    """
    try:
        yield
        return
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
    fitting = _largest_fitting(draw, batch_size // 2)
    advice = f"try batch_size={fitting}" if fitting else "not even one picture fits: use the CPU"
    raise OutOfMemoryError(f"out of memory with batch_size={batch_size}; {advice}")


def room_for(count: int, shape: Sequence[int]) -> Tensor:
    """Return an empty tensor, float32 (count, *shape), on the CPU whatever torch's defaults are.

    Raises:
        OutOfMemoryError: so many pictures do not fit.
    """
    try:
        return torch.empty(count, *shape, dtype=torch.float32, device="cpu")
    except (MemoryError, RuntimeError) as error:
        size = "×".join(map(str, shape))
        raise OutOfMemoryError(
            f"{count:,} pictures of {size} numbers do not fit in memory; draw fewer at a time: "
            "indices says which"
        ) from error


def _largest_fitting(draw: Callable[[int], Any], batch_size: int) -> int:
    while batch_size >= 1:
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        try:
            draw(batch_size)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            batch_size //= 2
        else:
            return batch_size
    return 0
