"""Room for pictures: in memory, or, where there are many, in a file that goes when they do."""

import math
import os
import tempfile
import weakref
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import torch
from torch import Tensor

from mmgen.media.targets import output_error

IN_MEMORY = 2**30
"""Bytes above which pictures lie in a file."""


def room_for(shape: Sequence[int], in_memory: int = IN_MEMORY) -> Tensor:
    """Return uint8 of that shape, all 0.

    Above `in_memory` bytes it is mapped from a nameless file in the folder for temporary files
    (TMPDIR), whose pages the system may write out: memory stays bounded, the disk must have the
    room.

    Raises:
        OutputError: the disk has not.
    """
    size = math.prod(shape)
    if size <= in_memory:
        return torch.zeros(*shape, dtype=torch.uint8)
    handle, name = tempfile.mkstemp(prefix="mmgen-", suffix=".pictures")
    path = Path(name)
    try:
        _reserve(handle, size)
        room = torch.from_file(name, shared=True, size=size, dtype=torch.uint8)
    except OSError as error:
        _remove(path)
        raise output_error(path.parent, error) from error
    finally:
        os.close(handle)
    if not _remove(path):  # a system that keeps open files: it goes with the pictures
        weakref.finalize(room.untyped_storage(), _remove, path)
    return room.view(*shape)


def _reserve(handle: int, size: int) -> None:
    """Take the room now: a write into a mapped file on a full disk would end the process."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(handle, 0, size)
    else:
        os.ftruncate(handle, size)


def _remove(path: Path) -> bool:
    """Remove a file; return whether it is gone."""
    with suppress(OSError):
        path.unlink()
    return not path.exists()
