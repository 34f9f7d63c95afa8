"""Models with several modalities in one space, as judges of what belongs together."""

from typing import Any

import torch
from torch import Tensor

from mmgen.data import PictureData
from mmgen.errors import DataError, UnsupportedOperationError
from mmgen.interfaces import EmbedsTogether, Encoder, Model, Progress
from mmgen.metrics.extractors import describe_resize, model_name, weights_sha256
from mmgen.slots import Size

_AT_ONCE = 256


class Matcher:
    """A model that brings slots into one space, and what a protocol says of it.

    Args:
        model: on the device where it is to work.
        name: as it was asked for.

    Raises:
        UnsupportedOperationError: the model does not embed several modalities together.
    """

    def __init__(self, model: Model, *, name: str = "") -> None:
        self.name = name or model_name(model)
        if not isinstance(model, EmbedsTogether):
            raise UnsupportedOperationError(
                "what belongs together is told by a model that embeds several modalities in one "
                f"space (embed); {self.name!r} does not: take a contrastive one"
            )
        if isinstance(model, torch.nn.Module):
            model.eval()
        self.model: EmbedsTogether = model
        self.slots = tuple(slot.name for slot in model.slots)
        self.sha256 = weights_sha256(model)
        self.size: Size | None = model.size if isinstance(model, Encoder) else None

    def demand(self, *slots: str) -> None:
        """Raise UnsupportedOperationError unless the model has these slots."""
        for slot in slots:
            if slot not in self.slots:
                raise UnsupportedOperationError(
                    f"{self.name!r} has no slot {slot!r}; it embeds {', '.join(self.slots)}"
                )

    def resize(self, pictures: PictureData) -> str:
        """Return in words what is done to pictures before they are embedded.

        Raises:
            DataError: they are in colour and the model sees grey alone.
        """
        return describe_resize(self.size, pictures, self.name)

    def columns(self, data: PictureData) -> tuple[str, ...]:
        """Return the slots that the data has values for; the pictures are those of "image"."""
        return tuple(slot for slot in self.slots if slot == "image" or slot in data.columns)

    def vectors(
        self, data: PictureData, slot: str, progress: Progress | None = None
    ) -> tuple[Tensor, list[Any] | None]:
        """Return unit vectors, float32 (N, D), of all rows, and the N texts or labels they are of.

        Of pictures and clips there is None.

        Raises:
            DataError: the data has no such column, or a vector is no number.
        """
        found, keys = [], list[Any]()
        for rows in torch.arange(len(data)).split(_AT_ONCE):
            values = read_column(data, slot, rows)
            if isinstance(values, Tensor) and values.ndim == 1:
                keys += values.tolist()
            elif isinstance(values, list) and values and isinstance(values[0], str):
                keys += values
            found.append(self.model.embed(**{slot: values})[slot])
            if progress is not None:
                progress(int(rows[-1]) + 1, len(data))
        vectors = torch.cat(found)
        if not vectors.isfinite().all():
            raise DataError(
                f"vectors must be numbers; {self.name!r} gives NaN for some of {data.name}: its "
                "weights are damaged; take another"
            )
        return vectors, keys or None

    def to_dict(self) -> dict[str, Any]:
        """Return what a protocol says of it."""
        return {"name": self.name, "sha256": self.sha256}


def read_column(data: PictureData, slot: str, rows: Tensor) -> Any:
    """Return the values of rows int64 (M,): of "image" the pictures themselves."""
    if slot == "image":
        return data.batch(rows, columns=())["target"]
    return data.batch(rows, columns=(slot,))[slot]


def with_values(data: PictureData, slots: tuple[str, ...]) -> PictureData:
    """Return the rows that have a caption, where captions are asked for.

    Raises:
        DataError: none has.
    """
    if "text" not in slots or data.texts is None:
        return data
    there = torch.tensor([bool(text) for text in data.texts])  # of each row the one it is read by
    if bool(there.all()):
        return data
    if not bool(there.any()):
        raise DataError(f"captions are needed; those of {data.name} are all empty")
    return data.select(there.nonzero()[:, 0])
