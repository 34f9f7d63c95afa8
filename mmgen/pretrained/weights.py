"""safetensors in: checked against the architecture before anything is allocated."""

import json
import struct
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from mmgen.errors import ModelFileError
from mmgen.interfaces.model import Model

WEIGHTS_NAME = "model.safetensors"
INDEX_NAME = "model.safetensors.index.json"
_MAX_HEADER_BYTES = 8 * 2**20
_MAX_TENSORS = 100_000


def weight_files(folder: Path) -> list[Path]:
    """Return the file with a model's tensors, or its shards.

    Raises:
        ModelFileError: there are none, or the index names a file that is not there.
    """
    single = folder / WEIGHTS_NAME
    index = folder / INDEX_NAME
    if single.is_file():
        return [single]
    if not index.is_file():
        pickles = [path.name for path in folder.glob("*") if path.suffix in (".bin", ".pt", ".pth")]
        more = f"; {pickles[0]} is a pickle, which mmgen never opens" if pickles else ""
        raise ModelFileError(f"{folder} has no {WEIGHTS_NAME}{more}")
    try:
        names = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise ModelFileError(f"{index} is not a shard index: {error!r}") from error
    if not names:
        raise ModelFileError(f"{index} is not a shard index: it names no file")
    for name in names:
        if not isinstance(name, str) or Path(name).name != name or not (folder / name).is_file():
            raise ModelFileError(f"{index} names {name!r}, which is not beside it")
    return [folder / name for name in sorted(names)]


def load_weights(model: Model, expected: Mapping[str, Tensor], files: list[Path]) -> None:
    """Give a model without storage its tensors; tied ones stay tied.

    Args:
        model: built on the "meta" device.
        expected: its own tensors by name (those of its parts left out).
        files: one safetensors file, or the shards.

    Raises:
        ModelFileError: a damaged or foreign file; a missing, extra, misshapen or non-finite
            tensor. Nothing of the model is changed then.
    """
    found: dict[str, Tensor] = {}
    for path in files:
        check_header(path)
        tensors = _read_tensors(path, expected)
        twice = sorted(tensors.keys() & found.keys())
        if twice:
            raise ModelFileError(f"{path}: tensor {twice[0]!r} is in another shard too")
        found |= tensors
    missing = [name for name in expected if name not in found]
    if missing:
        raise ModelFileError(
            f"{files[0]} lacks {len(missing)} tensors of this architecture, first {missing[0]!r}"
        )
    tied = model.tied_names()
    model.load_state_dict(found, strict=False, assign=True)
    for name, source in tied.items():
        owner, _, attribute = name.rpartition(".")
        setattr(model.get_submodule(owner), attribute, model.get_parameter(source))


def _read_tensors(path: Path, expected: Mapping[str, Tensor]) -> dict[str, Tensor]:
    try:
        with safe_open(path, framework="pt") as file:
            names = list(file.keys())
            for name in names:
                _check_tensor(path, name, tuple(file.get_slice(name).get_shape()), expected)
            # Copies: the file may change later, and memory that is not aligned as torch aligns it
            # makes some kernels round otherwise.
            tensors = {name: file.get_tensor(name).clone() for name in names}
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelFileError(f"{path} is damaged: {error}") from error
    for name, tensor in tensors.items():
        if tensor.is_floating_point() != expected[name].is_floating_point():
            raise ModelFileError(
                f"{path}: tensor {name!r} must be {expected[name].dtype}; got {tensor.dtype}"
            )
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise ModelFileError(
                f"{path}: tensor {name!r} holds NaN or Inf; the file is damaged, "
                "or the training went wrong"
            )
    return {name: tensor.to(expected[name].dtype) for name, tensor in tensors.items()}


def _check_tensor(
    path: Path, name: str, shape: tuple[int, ...], expected: Mapping[str, Tensor]
) -> None:
    if name not in expected:
        raise ModelFileError(f"{path}: tensor {name!r} does not belong to this architecture")
    if shape != tuple(expected[name].shape):
        raise ModelFileError(
            f"{path}: tensor {name!r} must have shape {tuple(expected[name].shape)}; got {shape}"
        )


def check_header(path: Path) -> None:
    """Check what a safetensors file says of itself before it is opened.

    Raises:
        ModelFileError: empty, truncated, or something else (says what it looks like).
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = _header_length(path, file.read(64), size)
            file.seek(8)
            header = file.read(length)
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error}") from error
    try:
        entries = json.loads(header)
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"{path} is not a safetensors file: its header is not JSON") from error
    if not isinstance(entries, dict):
        raise ModelFileError(f"{path} is not a safetensors file: its header is not an object")
    if len(entries) > _MAX_TENSORS:
        raise ModelFileError(
            f"{path} names {len(entries)} tensors; at most {_MAX_TENSORS} are read"
        )
    ends = [
        entry.get("data_offsets", [0, 0])[-1]
        for entry in entries.values()
        if isinstance(entry, dict)
        and isinstance(entry.get("data_offsets"), list)
        and entry["data_offsets"]
    ]
    numbers = [end for end in ends if isinstance(end, int)]
    if max(numbers, default=0) > size - 8 - length:
        raise ModelFileError(
            f"{path} is truncated: {size} bytes, {max(numbers) + 8 + length} expected; "
            "fetch it again"
        )


def _header_length(path: Path, start: bytes, size: int) -> int:
    if size < 10:
        raise ModelFileError(f"{path} is empty or truncated ({size} bytes); fetch it again")
    (length,) = struct.unpack("<Q", start[:8])
    if length > min(_MAX_HEADER_BYTES, size - 8):
        raise ModelFileError(f"{path} is not a safetensors file{_looks_like(start, length, size)}")
    return int(length)


def _looks_like(start: bytes, length: int, size: int) -> str:
    if start.startswith(b"version https://git-lfs"):
        return ": it is a Git LFS pointer; run git lfs pull, or download the file itself"
    if start.lstrip()[:1] == b"<":
        return ": it is a web page; the download went wrong"
    if start[:2] == b"PK" or start[:1] == b"\x80":
        return ": it is a pickle, which mmgen never opens; ask for safetensors"
    if _MAX_HEADER_BYTES >= length > size - 8:
        return ": it is truncated; fetch it again"
    return "; it starts with " + repr(start[:8])
