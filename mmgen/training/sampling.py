"""Rows that a run chooses: for grids of samples, and to keep their conditions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmgen.data import PictureData
from mmgen.errors import DataError
from mmgen.interfaces.generator import Generator
from mmgen.interfaces.samples import Samples
from mmgen.interfaces.trainer import Batch

_MOST_COLUMNS = 20


@dataclass(frozen=True)
class Questions:
    """What is asked for in a grid of samples: the conditions of rows of a data set.

    Attributes:
        count: how many.
        values: count of them by column, as `generate` takes them.
        columns: of the grid, one for each class where there are few; None: as it comes.
    """

    count: int
    values: dict[str, Any] = field(default_factory=dict)
    columns: int | None = None


def class_questions(model: Generator, count: int) -> Questions:
    """Return questions for a model's classes by turns, without data: one column for each."""
    classes = {slot.name: slot.classes for slot in model.slots if slot.classes}
    few = [len(names) for names in classes.values() if len(names) <= min(count, _MOST_COLUMNS)]
    columns = few[0] if few else None
    if columns is not None:
        count -= count % columns
    values: dict[str, Any] = {
        name: [names[place % len(names)] for place in range(count)]
        for name, names in classes.items()
    }
    return Questions(count, values, columns)


def choose_questions(data: PictureData, count: int) -> Questions:
    """Return the conditions of some rows: class after class where classes are few."""
    columns = len(data.class_names or ())
    if data.labels is None or not 0 < columns <= min(count, _MOST_COLUMNS):
        columns = 0
    count -= count % columns if columns else 0
    rows = torch.arange(count) % len(data)
    if columns and data.labels is not None:
        rows = _class_after_class(data.labels.cpu(), columns, count)
    values = {name: data.values(name, rows) for name in data.columns if name != "image"}
    if "label" in values:
        values["label"] = values["label"].tolist()
    return Questions(count, values, columns or None)


def choose_examples(data: PictureData, slots: Sequence[str], count: int, seed: int) -> Batch:
    """Return what rows say, by slot, for `Conditioner.keep_examples`; `count` in all.

    They are drawn at random, others for each slot, but of each class as many as its share is, as
    near as may be. Slots for which there is no value are left out.

    Raises:
        DataError: there is no value for any slot.
    """
    rng = np.random.default_rng(seed)
    labels = None if data.labels is None else data.labels.cpu().numpy()
    with_value = {slot: _rows_with_value(data, slot) for slot in slots if slot in data.columns}
    with_value = {slot: rows for slot, rows in with_value.items() if len(rows)}
    if not with_value:
        raise DataError(
            f"{data.name} has no values of {', '.join(slots)} for [conditioner] num_examples"
        )
    most = -(-count // len(with_value))
    kept: Batch = {}
    for slot, rows in with_value.items():
        order = rng.permutation(rows)
        if labels is not None:
            order = order[np.argsort(labels[order], kind="stable")]
        number = min(most, len(order))
        chosen = order[((np.arange(number) + 0.5) * len(order) / number).astype(np.int64)]
        draws = rng.integers(2**64, size=number, dtype=np.uint64)
        kept[slot] = data.values(slot, torch.from_numpy(chosen), draws=draws)
    return kept


def _rows_with_value(data: PictureData, slot: str) -> np.ndarray:
    """Return the rows, int64 (M,), that have a value; an empty text is none."""
    if slot == "text" and data.texts is not None:
        return np.flatnonzero([bool(text) for text in data.texts])
    return np.arange(len(data))


def _class_after_class(labels: Tensor, num_classes: int, count: int) -> Tensor:
    """Return rows int64 (count,), the n-th of class n mod K; any row where a class has none."""
    rows_of = [(labels == label).nonzero()[:, 0] for label in range(num_classes)]
    rows_of = [rows if len(rows) else torch.arange(len(labels)) for rows in rows_of]
    picked = [
        rows_of[place % num_classes][place // num_classes % len(rows_of[place % num_classes])]
        for place in range(count)
    ]
    return torch.stack(picked) if picked else torch.zeros(0, dtype=torch.int64)


def draw_samples(model: Generator, questions: Questions, *, seed: int) -> Samples:
    """Draw samples that answer as many of the questions as the model takes.

    The seed is the same each time, so that grids of one run can be compared.
    """
    known = {slot.name for slot in model.slots}
    inputs: dict[str, Any] = {
        name: values for name, values in questions.values.items() if name in known
    }
    return model.generate(questions.count, seed=seed, **inputs)
