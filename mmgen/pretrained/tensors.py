"""Tensors out of a safetensors file: in memory of their own, or mapped to the file.

A tensor lies where torch would put it, at a multiple of 64 bytes: elsewhere some kernels round
otherwise, and the same weights would make other pictures.
"""

import math
import mmap
from collections.abc import Iterator, Mapping
from typing import BinaryIO

import torch
from torch import Tensor

from mmgen.errors import ModelFileError, OutOfMemoryError, shown
from mmgen.hub.verdicts import is_known_finite, remember_finite
from mmgen.interfaces.memory import is_out_of_memory
from mmgen.pretrained.header import Header, StoredTensor, file_state

ALIGNMENT = 64
DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U64": torch.uint64,
    "U32": torch.uint32,
    "U16": torch.uint16,
    "U8": torch.uint8,
    "BOOL": torch.bool,
    "C64": torch.complex64,
}
_WORTH_MAPPING_BYTES = 2**16
_PIECE = 2**18  # values that are looked at, or converted, at once: what a cache holds


def read_tensors(
    header: Header, expected: Mapping[str, Tensor], *, mapped: bool
) -> dict[str, Tensor]:
    """Return the tensors of a file, as the types of those that are expected.

    Args:
        header: of the file; its tensors fit those expected.
        mapped: let large tensors be the file's own pages, copied when they are written to. It
            takes no time and no memory, but the file must never be written to again.

    Raises:
        ModelFileError: the file has changed, cannot be read, or holds NaN or Inf.
        OutOfMemoryError: the memory does not suffice.
    """
    path = header.path
    try:
        with path.open("rb", buffering=0) as file:
            _check_unchanged(header, file)
            known = is_known_finite(file.fileno())
            tensors = _read(file, header, expected, mapped, known)
            _check_unchanged(header, file)
            if not known:
                remember_finite(file.fileno())
    except (OSError, ValueError) as error:
        raise ModelFileError(f"{path} cannot be read: {error}") from error
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise OutOfMemoryError(f"the memory does not suffice for the weights in {path}") from error
    return tensors


def _check_unchanged(header: Header, file: BinaryIO) -> None:
    if file_state(file) != header.state:
        raise ModelFileError(f"{header.path} has changed while it was read; load it again")


def _read(
    file: BinaryIO, header: Header, expected: Mapping[str, Tensor], mapped: bool, known: bool
) -> dict[str, Tensor]:
    mapping = _map(file) if mapped else None
    buffer = _Buffer()
    tensors = {}
    for name, stored in header.tensors.items():
        like = expected[name]
        tensor = _mapped(mapping, stored, like)
        if tensor is None:
            tensor = _copied(file, stored, like, buffer)
        if not (known and _holds_all(like.dtype, DTYPES[stored.dtype])) and not is_finite(tensor):
            raise ModelFileError(
                f"{header.path}: tensor {shown(name)} holds NaN or Inf; the file is damaged, "
                "or the training went wrong"
            )
        tensors[name] = tensor
    return tensors


def _holds_all(dtype: torch.dtype, other: torch.dtype) -> bool:
    """Whether all finite values of the other type are finite in this one."""
    if dtype == other or not dtype.is_floating_point:
        return True
    return torch.finfo(dtype).max >= torch.finfo(other).max


def is_finite(tensor: Tensor) -> bool:
    """Return whether a contiguous tensor holds neither NaN nor Inf."""
    if not (tensor.is_floating_point() or tensor.is_complex()):
        return True
    for piece in _pieces(tensor.view(-1)):
        values = piece.float() if piece.itemsize < 4 else piece
        # A sum is finite only if all its terms are; that of large ones need not be.
        if not math.isfinite(abs(values.sum().item())) and not bool(values.isfinite().all()):
            return False
    return True


def _map(file: BinaryIO) -> mmap.mmap | None:
    """Return a file's pages as memory; None on a file system that cannot give them."""
    try:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    except OSError:
        return None


def _mapped(mapping: mmap.mmap | None, stored: StoredTensor, like: Tensor) -> Tensor | None:
    """Return a tensor whose memory is the file's; None where it has to be a copy."""
    dtype = DTYPES[stored.dtype]
    num_bytes = stored.end - stored.start
    same = dtype == like.dtype != torch.bool  # a bool is one of two bytes; a file's need not be
    if mapping is None or not same or num_bytes < _WORTH_MAPPING_BYTES or stored.start % ALIGNMENT:
        return None
    count = num_bytes // dtype.itemsize
    return torch.frombuffer(mapping, dtype=dtype, count=count, offset=stored.start).view(
        stored.shape
    )


class _Buffer:
    """A little memory for what is converted: one for all tensors, as to free it and ask again
    leaves holes that nothing fits in."""

    def __init__(self) -> None:
        self._bytes: Tensor | None = None

    def take(self, count: int, dtype: torch.dtype) -> Tensor:
        """Return room for up to a piece's count of values."""
        if self._bytes is None:
            self._bytes = torch.empty(8 * _PIECE, dtype=torch.uint8, device="cpu")
        return self._bytes[: count * dtype.itemsize].view(dtype)


def _copied(file: BinaryIO, stored: StoredTensor, like: Tensor, buffer: _Buffer) -> Tensor:
    """Return a tensor with memory of its own; a conversion goes through the buffer."""
    tensor = torch.empty(stored.shape, dtype=like.dtype, device="cpu")
    flat = tensor.view(-1)
    file.seek(stored.start)
    dtype = torch.uint8 if stored.dtype == "BOOL" else DTYPES[stored.dtype]
    if dtype == like.dtype:
        _fill(file, flat)
        return tensor
    for piece in _pieces(flat):
        part = buffer.take(len(piece), dtype)
        _fill(file, part)
        piece.copy_(part)
    return tensor


def _pieces(flat: Tensor) -> Iterator[Tensor]:
    return iter(flat.split(_PIECE)) if len(flat) else iter(())


def _fill(file: BinaryIO, flat: Tensor) -> None:
    """Read a tensor's bytes from where the file stands."""
    if not len(flat):
        return
    left = flat.view(torch.uint8).numpy().data
    while left:
        read = file.readinto(left)  # type: ignore[attr-defined]
        if not read:
            raise OSError("it ends too soon")
        left = left[read:]
