"""Running out of memory while training, in words."""

from collections.abc import Iterator
from contextlib import contextmanager

from mmgen.errors import OutOfMemoryError
from mmgen.interfaces.memory import is_out_of_memory
from mmgen.training.config import TrainingConfig


@contextmanager
def memory_advice(config: TrainingConfig) -> Iterator[None]:
    """Turn running out of memory into an error that says which batch size to try.

    Raises:
        OutOfMemoryError: in place of the device's own error.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise OutOfMemoryError(advice(config)) from error


def advice(config: TrainingConfig) -> str:
    """Return what to try after memory ran out."""
    part = config.batch_size // config.accumulate
    if part == 1:
        return "out of memory with one picture at a time; choose a smaller model or pictures"
    finer = range(2 * config.accumulate, config.batch_size + 1)
    parts = next(count for count in finer if config.batch_size % count == 0)
    return (
        f"out of memory with {part} pictures at a time; try --set training.batch_size="
        f"{part // 2 * config.accumulate}, or --set training.accumulate={parts}, which learns "
        f"from {config.batch_size} a step as before"
    )
