"""Named tensors in safetensors files, whole or not at all."""

import os
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from mmgen.errors import OutputError, TrainingError

_SAME = "same as "


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write tensors, flushed to the disk; those that share storage are written once.

    Raises:
        OutputError: the disk is full or not writable.
    """
    first: dict[tuple[int, tuple[int, ...], tuple[int, ...], torch.dtype], str] = {}
    unique: dict[str, Tensor] = {}
    aliases: dict[str, str] = {}
    for name, tensor in tensors.items():
        key = (tensor.data_ptr(), tuple(tensor.shape), tensor.stride(), tensor.dtype)
        if tensor.numel() and key in first:
            aliases[name] = _SAME + first[key]
            continue
        first[key] = name
        unique[name] = _own_storage(tensor)
    try:
        save_file(unique, path, metadata=aliases or None)
        flush_to_disk(path)
    except (OSError, SafetensorError) as error:
        raise OutputError(f"{path} could not be written: {error}") from error


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read what `write_tensors` wrote, onto the CPU.

    Raises:
        TrainingError: the file is missing or damaged.
    """
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            aliases = file.metadata() or {}
    except (OSError, SafetensorError) as error:
        raise TrainingError(f"{path} cannot be read: {error}") from error
    for name, source in aliases.items():
        if source.startswith(_SAME):
            tensors[name] = tensors[source.removeprefix(_SAME)]
    return tensors


def flush_to_disk(path: Path) -> None:
    """Return when the file's or folder's content is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _own_storage(tensor: Tensor) -> Tensor:
    """Return a contiguous tensor that is alone in its storage."""
    tensor = tensor.detach().contiguous()
    whole = tensor.untyped_storage().nbytes() == tensor.numel() * tensor.element_size()
    return tensor if whole else tensor.clone()
