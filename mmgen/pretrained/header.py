"""What a safetensors file says of itself, checked before anything else of it is read.

A file is eight bytes with the length of a JSON text, that text, and the tensors' bytes. The text
gives each tensor's type, shape, and the range of its bytes; the ranges leave no gap between them.
"""

import math
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from mmgen.errors import ModelFileError, shown
from mmgen.pretrained.strict_json import parse_json

METADATA = "__metadata__"
DTYPE_BYTES = {
    "F64": 8,
    "F32": 4,
    "F16": 2,
    "BF16": 2,
    "F8_E4M3": 1,
    "F8_E5M2": 1,
    "I64": 8,
    "I32": 4,
    "I16": 2,
    "I8": 1,
    "U64": 8,
    "U32": 4,
    "U16": 2,
    "U8": 1,
    "BOOL": 1,
    "C64": 8,
}
MAX_TENSORS = 10_000
"""How many tensors a file may hold. Without a bound, a million of no bytes take a gigabyte."""
_MAX_BYTES = 8 * 2**20
_VALUES_PER_TENSOR = 15  # commas and brackets; a tensor of four dimensions has ten
_MAX_DIMENSIONS = 64


class StoredTensor(NamedTuple):
    """A tensor in a file: its bytes are those from `start` to before `end`, counted in the file."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


@dataclass(frozen=True)
class Header:
    """What a file holds.

    Attributes:
        tensors: by name, in the order of their bytes.
        state: what tells the file from another in its place, and from itself changed.
    """

    path: Path
    tensors: dict[str, StoredTensor]
    state: tuple[int, ...]


def file_state(file: BinaryIO) -> tuple[int, ...]:
    """Return which file an open one is, its size, and when it was changed last."""
    found = os.fstat(file.fileno())
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def read_header(path: Path) -> Header:
    """Read and check what a safetensors file says of itself.

    Raises:
        ModelFileError: empty, truncated, damaged, or something else (says what it looks like).
    """
    try:
        with path.open("rb") as file:
            state = file_state(file)
            size = os.fstat(file.fileno()).st_size
            length = _header_length(path, file.read(64), size)
            file.seek(8)
            text = file.read(length)
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error}") from error
    return Header(path, _read_tensors(_parse(text, path), 8 + length, size, path), state)


def _header_length(path: Path, start: bytes, size: int) -> int:
    if size < 10 or len(start) < 10:
        raise ModelFileError(f"{path} is empty or truncated ({size} bytes); fetch it again")
    (length,) = struct.unpack("<Q", start[:8])
    if length > min(_MAX_BYTES, size - 8):
        raise ModelFileError(f"{path} is not a safetensors file{_looks_like(start, length, size)}")
    return int(length)


def _looks_like(start: bytes, length: int, size: int) -> str:
    if start.startswith(b"version https://git-lfs"):
        return ": it is a Git LFS pointer; run git lfs pull, or download the file itself"
    if start.lstrip()[:1] == b"<":
        return ": it is a web page; the download went wrong"
    if start[:2] == b"PK" or start[:1] == b"\x80":
        return ": it is a pickle, which mmgen never opens; ask for safetensors"
    if _MAX_BYTES >= length > size - 8:
        return ": it is truncated; fetch it again"
    return "; it starts with " + repr(start[:8])


def _parse(text: bytes, path: Path) -> dict[str, Any]:
    try:
        found = parse_json(text, max_values=_VALUES_PER_TENSOR * MAX_TENSORS)
    except ValueError as error:
        raise ModelFileError(
            f"{path} is not a safetensors file: its header cannot be read: {error}"
        ) from error
    if not isinstance(found, dict):
        raise ModelFileError(f"{path} is not a safetensors file: its header is not an object")
    metadata = found.pop(METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise ModelFileError(f"{path} is damaged: {METADATA} must hold texts")
    if len(found) > MAX_TENSORS:
        raise ModelFileError(f"{path} names {len(found)} tensors; at most {MAX_TENSORS} are read")
    return found


def _read_tensors(
    entries: dict[str, Any], data_start: int, size: int, path: Path
) -> dict[str, StoredTensor]:
    tensors = {}
    for name, entry in entries.items():
        try:
            tensors[name] = _read_entry(entry, data_start)
        except ValueError as error:
            raise ModelFileError(f"{path} is damaged: tensor {shown(name)} {error}") from None
    end = max((tensor.end for tensor in tensors.values()), default=data_start)
    if end > size:
        raise ModelFileError(
            f"{path} is truncated: {size} bytes, {shown(end)} expected; fetch it again"
        )
    ordered = dict(sorted(tensors.items(), key=lambda item: item[1][2:]))
    place = data_start
    for name, tensor in ordered.items():
        if tensor.start != place:
            what = "overlaps the one before it" if tensor.start < place else "comes after a gap"
            raise ModelFileError(f"{path} is damaged: tensor {shown(name)} {what}")
        place = tensor.end
    if place != size:
        raise ModelFileError(f"{path} is damaged: {size - place} bytes follow the last tensor")
    return ordered


def _read_entry(entry: Any, data_start: int) -> StoredTensor:
    """Return a tensor's entry; raise ValueError, in words that follow its name."""
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise ValueError(f"must have dtype, shape and data_offsets; got {shown(entry)}")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPE_BYTES:
        raise ValueError(f"has dtype {shown(dtype)}, which mmgen does not read")
    if not _are_sizes(shape) or len(shape) > _MAX_DIMENSIONS:
        raise ValueError(f"must have up to {_MAX_DIMENSIONS} sizes as shape; got {shown(shape)}")
    if not _are_sizes(offsets) or len(offsets) != 2:
        raise ValueError(f"must have two places as data_offsets; got {shown(offsets)}")
    start, end = offsets
    if end - start != math.prod(shape) * DTYPE_BYTES[dtype]:
        raise ValueError(
            f"of shape {shown(tuple(shape))} and dtype {dtype} cannot have bytes {start} to {end}"
        )
    return StoredTensor(dtype, tuple(shape), data_start + start, data_start + end)


def _are_sizes(values: Any) -> bool:
    # A bool is an int too.
    return isinstance(values, list) and all(type(v) is int and 0 <= v < 2**63 for v in values)
