"""safetensors out: one file, or the Hub's standard shards with their index when large."""

import errno
import json
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from mmgen.pretrained.weights import INDEX_NAME, WEIGHTS_NAME

MAX_SHARD_BYTES = 5 * 10**9


def write_weights(
    folder: Path, tensors: Mapping[str, Tensor], *, max_bytes: int = MAX_SHARD_BYTES
) -> None:
    """Write tensors into a folder; what is too large for one file is cut into shards.

    Raises:
        OSError: they could not be written.
    """
    shards = split(tensors, max_bytes)
    if len(shards) == 1:
        _write(folder / WEIGHTS_NAME, shards[0])
        return
    stem, _, suffix = WEIGHTS_NAME.rpartition(".")
    places: dict[str, str] = {}
    for number, shard in enumerate(shards, start=1):
        name = f"{stem}-{number:05d}-of-{len(shards):05d}.{suffix}"
        _write(folder / name, shard)
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
        if shards[-1] and size + tensor.nbytes > max_bytes:
            shards.append({})
            size = 0
        shards[-1][name] = tensor
        size += tensor.nbytes
    return shards


def _write(path: Path, tensors: dict[str, Tensor]) -> None:
    try:
        save_file(tensors, path, metadata={"format": "pt"})
    except SafetensorError as error:  # how it reports a full disk
        code = errno.ENOSPC if "os error 28" in str(error) else errno.EIO
        raise OSError(code, str(error)) from error
    path.chmod(0o644)
