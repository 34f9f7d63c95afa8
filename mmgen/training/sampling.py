"""Grids of samples, by which one sees how a training goes."""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from mmgen.data import PictureData
from mmgen.interfaces.generator import Generator
from mmgen.interfaces.samples import Samples

_MOST_COLUMNS = 20
_GIVEN = ("label", "text", "audio")


@dataclass(frozen=True)
class Questions:
    """What is asked for in a grid of samples: the conditions of rows of a data set.

    Attributes:
        count: how many.
        values: count of them by column.
        columns: of the grid, one for each class where there are few; None: as it comes.
    """

    count: int
    values: dict[str, list[Any]] = field(default_factory=dict)
    columns: int | None = None


def class_questions(model: Generator, count: int) -> Questions:
    """Return questions for a model's classes by turns, without data: one column for each."""
    classes = {slot.name: slot.classes for slot in model.slots if slot.classes}
    few = [len(names) for names in classes.values() if len(names) <= min(count, _MOST_COLUMNS)]
    columns = few[0] if few else None
    if columns is not None:
        count -= count % columns
    values = {
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
    batch = data.batch(rows, columns=[name for name in _GIVEN if name in data.columns])
    values = {name: list(batch[name]) for name in _GIVEN if name in batch}
    if "label" in values:
        values["label"] = [int(label) for label in values["label"]]
    return Questions(count, values, columns or None)


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
