"""safetensors out: one file, or the Hub's standard shards with their index when large."""

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mmgen.errors import UnsupportedOperationError
from mmgen.pretrained.header import MAX_TENSORS, METADATA
from mmgen.pretrained.tensors import ALIGNMENT, DTYPES
from mmgen.pretrained.weights import INDEX_NAME, WEIGHTS_NAME

MAX_SHARD_BYTES = 5 * 10**9
_DTYPE_NAMES = {dtype: name for name, dtype in DTYPES.items()}


def write_weights(
    folder: Path, tensors: Mapping[str, Tensor], *, max_bytes: int = MAX_SHARD_BYTES
) -> None:
    """Write tensors into a folder; what is too large for one file is cut into shards.

    Raises:
        OSError: they could not be written.
    """
    shards = split(tensors, max_bytes)
    if len(shards) == 1:
        write_tensors(folder / WEIGHTS_NAME, shards[0])
        return
    stem, _, suffix = WEIGHTS_NAME.rpartition(".")
    places: dict[str, str] = {}
    for number, shard in enumerate(shards, start=1):
        name = f"{stem}-{number:05d}-of-{len(shards):05d}.{suffix}"
        write_tensors(folder / name, shard)
        places |= dict.fromkeys(shard, name)
    size = sum(tensor.nbytes for tensor in tensors.values())
    index = {"metadata": {"total_size": size}, "weight_map": places}
    text = json.dumps(index, indent=2, sort_keys=True) + "\n"
    (folder / INDEX_NAME).write_text(text, encoding="utf-8")


def split(tensors: Mapping[str, Tensor], max_bytes: int) -> list[dict[str, Tensor]]:
    """Return the tensors in shards of at most so many bytes; a larger tensor is alone in one."""
    shards: list[dict[str, Tensor]] = [{}]
    size = 0
    for name, tensor in tensors.items():
        full = size + tensor.nbytes > max_bytes or len(shards[-1]) == MAX_TENSORS
        if shards[-1] and full:
            shards.append({})
            size = 0
        shards[-1][name] = tensor
        size += tensor.nbytes
    return shards


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write a safetensors file whose tensors can be used where they lie: see `read_tensors`.

    Those whose size is a multiple of the alignment come first, after a header that is padded to
    one, so that all of them begin at one.

    Raises:
        OSError: it could not be written.
        UnsupportedOperationError: a tensor is of a type that such files do not hold.
    """
    names = sorted(tensors, key=lambda name: (tensors[name].nbytes % ALIGNMENT != 0, name))
    header: dict[str, Any] = {METADATA: {"format": "pt"}}
    place = 0
    for name in names:
        tensor = tensors[name]
        if tensor.dtype not in _DTYPE_NAMES:
            raise UnsupportedOperationError(f"{name!r} is {tensor.dtype}, which cannot be saved")
        header[name] = {
            "dtype": _DTYPE_NAMES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [place, place + tensor.nbytes],
        }
        place += tensor.nbytes
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-(8 + len(text)) % ALIGNMENT)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name in names:
            if tensors[name].numel():
                file.write(tensors[name].contiguous().view(-1).view(torch.uint8).numpy().data)
    path.chmod(0o644)
