"""Batches for the loop: from memory on the device, from pinned memory, or decoded as needed."""

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from mmgen.data import PictureData
from mmgen.data.choices import Choices, Column, take_values
from mmgen.interfaces.trainer import Batch
from mmgen.slots import REFERENCE

_SHARE_OF_FREE_MEMORY = 0.4


class Source(Protocol):
    """Rows that a feed can serve.

    Attributes:
        device: where the rows lie and indices must be; None where they are decoded when read.
        labels: int64 (N,); None without labels.
        choices: columns whose rows have several values to choose from: batches want draws then.
    """

    device: torch.device | None
    labels: Tensor | None
    choices: Mapping[str, Choices]

    def __len__(self) -> int:
        """Return how many there are."""

    def batch(
        self, indices: Tensor, device: torch.device, draws: np.ndarray | None = None
    ) -> Batch:
        """Return the rows of int64 (M,) `indices`; draws as in `PictureData.batch`."""


class ResidentRows:
    """Columns kept in the device's memory: a batch is a few indexed tensors.

    Args:
        columns: tensors (N, …), and texts and clips, N or some to choose from for each row.
        device: where the tensors go.
        pictures: columns of uint8 pixels, served as float32 in [0, 1].
    """

    def __init__(
        self,
        columns: Mapping[str, Tensor | Column],
        device: torch.device,
        pictures: Collection[str] = ("target", "image", REFERENCE),
    ) -> None:
        self.device: torch.device | None = device
        self._pictures = frozenset(pictures)
        self._tensors = {
            name: value.to(device) for name, value in columns.items() if isinstance(value, Tensor)
        }
        self._lists = {
            name: value for name, value in columns.items() if not isinstance(value, Tensor)
        }
        self.labels = self._tensors.get("label")
        self.choices: Mapping[str, Choices] = choices_among(self._lists)
        self._length = len(next(iter(columns.values())))

    def __len__(self) -> int:
        return self._length

    def batch(
        self, indices: Tensor, device: torch.device, draws: np.ndarray | None = None
    ) -> Batch:
        """Return the rows of int64 (M,) `indices`, which are where the columns are."""
        batch: Batch = {}
        for name, tensor in self._tensors.items():
            rows = tensor.index_select(0, indices)
            if self.device != device:
                rows = to_device(rows, device)
            batch[name] = rows.div(255) if name in self._pictures else rows
        if self._lists:
            places = indices.tolist()
            for name, values in self._lists.items():
                batch[name] = take_values(values, places, draws)
        return batch


class DecodedRows:
    """Pictures that are decoded batch by batch."""

    device: torch.device | None = None

    def __init__(self, data: PictureData) -> None:
        self.labels = data.labels
        self.choices: Mapping[str, Choices] = choices_among(
            {"text": data.texts, "audio": data.clips}
        )
        self._data = data

    def __len__(self) -> int:
        return len(self._data)

    def batch(
        self, indices: Tensor, device: torch.device, draws: np.ndarray | None = None
    ) -> Batch:
        """Return the rows of int64 (M,) `indices`."""
        return self._data.batch(indices, device=device, draws=draws)


def choices_among(columns: Mapping[str, Any]) -> dict[str, Choices]:
    """Return the columns whose rows have several values to choose from."""
    return {name: column for name, column in columns.items() if isinstance(column, Choices)}


class ReadAhead:
    """Makes the next batch in a thread while the current one is learned from."""

    def __init__(self, make: Callable[[int], list[Batch]]) -> None:
        self._make = make
        self._thread = ThreadPoolExecutor(1, "mmgen-feed")
        self._next: tuple[int, Future[list[Batch]]] | None = None

    def get(self, draw: int) -> list[Batch]:
        """Return batch number `draw`, and start on the one after it."""
        if self._next is not None and self._next[0] == draw:
            batch = self._next[1].result()
        else:
            batch = self._make(draw)
        self._next = (draw + 1, self._thread.submit(self._make, draw + 1))
        return batch

    def close(self) -> None:
        """Stop the thread."""
        self._thread.shutdown(wait=True, cancel_futures=True)


def make_source(data: PictureData, device: torch.device) -> Source:
    """Return the fastest source that the memory allows for."""
    columns = columns_of(data)
    if not (isinstance(data.images, Tensor) and isinstance(data.given, Tensor | None)):
        return DecodedRows(data)
    size = sum(value.nbytes for value in columns.values() if isinstance(value, Tensor))
    home = device if fits_on(device, size) else torch.device("cpu")
    return ResidentRows(columns, home)


def columns_of(data: PictureData) -> dict[str, Any]:
    """Return the columns of data in memory, those of pictures as uint8."""
    columns: dict[str, Any] = {"target": data.images}
    if data.labels is not None:
        columns["label"] = data.labels
    if data.texts is not None:
        columns["text"] = data.texts
    if data.clips is not None:
        columns["audio"] = data.clips
    if data.given is not None:
        columns["image"] = data.given
    if data.has_references:
        columns[REFERENCE] = data.references
    return {**columns, **data.others}


def home_of(source: Source) -> torch.device:
    """Return where a source wants its indices."""
    return source.device or torch.device("cpu")


def to_device(tensor: Tensor, device: torch.device) -> Tensor:
    """Copy to a device, through pinned memory where that lets the copy overlap with work."""
    if device.type == "cuda":
        tensor = tensor.pin_memory()
    return tensor.to(device, non_blocking=True)


def fits_on(device: torch.device, num_bytes: int) -> bool:
    """Return whether so many bytes may stay on the device without being in the way."""
    if device.type == "cpu":
        return True
    if device.type != "cuda":
        return num_bytes < 2**30
    free, _ = torch.cuda.mem_get_info(device)
    return num_bytes < _SHARE_OF_FREE_MEMORY * free
