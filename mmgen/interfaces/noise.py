"""Random numbers: replayable ones for generation, fast ones for training."""

import math
from collections.abc import Sequence
from hashlib import blake2b
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

_PER_BLOCK = 4  # a Philox4x64 block holds four 64-bit words
_MANTISSA_BITS = 52  # so that adding one half stays exact, and 1 is never reached


class Noise(Protocol):
    """A source of random numbers for a batch of N pictures.

    `shape` is without N. Calls with the same stream and step give the same numbers from a
    `CounterNoise`: name each draw.
    """

    def normal(self, shape: Sequence[int], *, stream: str = "", step: int = 0) -> Tensor:
        """Return standard normal numbers (N, *shape) of the model's type, usually float32."""
        ...

    def uniform(self, shape: Sequence[int], *, stream: str = "", step: int = 0) -> Tensor:
        """Return numbers (N, *shape), uniform in the open interval (0, 1), as float32.

        They stay float32 whatever the model's type: in half precision some would round to 1.
        """
        ...


class CounterNoise:
    """Noise whose row i depends on (seed, index of picture i, stream, step) alone.

    The bits are those of the counter-based generator Philox4x64-10 (Salmon et al. 2011) with
    key (seed, stream) and counter (block within the picture's range, step); normal values are
    the inverse cumulative distribution of uniform ones in double precision. All is computed on
    the CPU, so the numbers are the same for any batch and any device.

    Args:
        seed: 0 to 2**64 - 1.
        indices: int64 (N,), the pictures' numbers, 0 or greater.
        device: where the results go.
        dtype: of normal numbers: the model's, so that they meet its weights in one type.
    """

    def __init__(
        self,
        seed: int,
        indices: Sequence[int],
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self._seed = seed
        self._count = len(indices)
        self._runs = _consecutive_runs(indices)
        self._device = torch.device(device)
        self._dtype = dtype

    def normal(self, shape: Sequence[int], *, stream: str = "", step: int = 0) -> Tensor:
        """Return standard normal numbers (N, *shape)."""
        uniform = torch.from_numpy(self._doubles(shape, stream, step))
        values = torch.special.ndtri(uniform).to(torch.float32)
        return values.view(self._count, *shape).to(self._device, self._dtype)

    def uniform(self, shape: Sequence[int], *, stream: str = "", step: int = 0) -> Tensor:
        """Return float32 (N, *shape), uniform in the open interval (0, 1)."""
        doubles = torch.from_numpy(self._doubles(shape, stream, step))
        # Rounding to float32 must not reach 1.
        values = doubles.to(torch.float32).clamp_(max=1 - 2**-24)
        return values.view(self._count, *shape).to(self._device)

    def _doubles(self, shape: Sequence[int], stream: str, step: int) -> np.ndarray:
        """Return float64 (N, elements) in (0, 1)."""
        elements = math.prod(shape)
        words = -(-elements // _PER_BLOCK) * _PER_BLOCK
        key = self._seed | _stream_key(stream) << 64
        rows = [
            np.random.Philox(key=key, counter=start * (words // _PER_BLOCK) | step << 128)
            .random_raw(count * words)
            .reshape(count, words)
            for start, count in self._runs
        ]
        bits = rows[0] if len(rows) == 1 else np.concatenate(rows)
        top = bits[:, :elements] >> np.uint64(64 - _MANTISSA_BITS)
        return (top.astype(np.float64) + 0.5) * 2.0**-_MANTISSA_BITS


class TrainingNoise:
    """Noise from torch's own generator of the device, whose state the loop checkpoints.

    Args:
        num_rows: N.
        device: where the numbers are drawn.
    """

    def __init__(self, num_rows: int, device: torch.device | str = "cpu") -> None:
        self._num_rows = num_rows
        self._device = torch.device(device)

    def normal(self, shape: Sequence[int], *, stream: str = "", step: int = 0) -> Tensor:  # noqa: ARG002
        """Return standard normal float32 (N, *shape); stream and step play no part."""
        return torch.randn((self._num_rows, *shape), device=self._device)

    def uniform(self, shape: Sequence[int], *, stream: str = "", step: int = 0) -> Tensor:  # noqa: ARG002
        """Return float32 (N, *shape) in (0, 1); stream and step play no part."""
        values = torch.rand((self._num_rows, *shape), device=self._device)
        return values.clamp_(min=2**-25)


def _stream_key(stream: str) -> int:
    return int.from_bytes(blake2b(stream.encode(), digest_size=8).digest(), "little")


def _consecutive_runs(indices: Sequence[int]) -> list[tuple[int, int]]:
    """Return (first, count) of each run of consecutive numbers."""
    if isinstance(indices, range) and indices.step == 1:
        return [(indices.start, len(indices))]
    numbers = np.asarray(indices, dtype=np.int64)
    starts = np.flatnonzero(np.diff(numbers, prepend=numbers[0] - 2) != 1)
    counts = np.diff(np.append(starts, len(numbers)))
    return [(int(numbers[at]), int(count)) for at, count in zip(starts, counts, strict=True)]
