"""Find the columns of a table (metadata.jsonl, parquet, Hub), and read labels and captions."""

import operator
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from mmgen.data.choices import Choices, Column
from mmgen.data.pictures import COLUMNS
from mmgen.errors import DataError, InputError, did_you_mean
from mmgen.families import load_reference
from mmgen.plugins import manager
from mmgen.slots import Size, Slot

LABEL_COLUMNS = ("label", "labels")
TEXT_COLUMNS = ("text", "caption", "captions")
AUDIO_COLUMNS = ("audio", "sound", "speech")
GIVEN_COLUMNS = ("input", "conditioning_image")
_MOST_CLASSES = 2**20


def choose_column(
    asked: str | None, usual: Iterable[str], available: Collection[str], *, option: str, source: str
) -> str | None:
    """Return the column that was asked for, else the first usual one there is, else None.

    Raises:
        DataError: the column asked for is not there; names those that are.
    """
    if asked is None:
        return next((name for name in usual if name in available), None)
    if asked not in available:
        raise DataError(
            f"{source} has no column {asked!r} ({option}){did_you_mean(asked, available)}; "
            f"its columns: {', '.join(available) or 'none'}"
        )
    return asked


def choose_columns(
    asked: Iterable[str] | None,
    usual: Iterable[str],
    available: Collection[str],
    *,
    option: str,
    source: str,
) -> tuple[str, ...]:
    """Return all columns that were asked for, else the first usual one there is, if any.

    Raises:
        DataError: one asked for is not there; names those that are.
    """
    names = [None] if asked is None else dict.fromkeys(asked)
    chosen = [choose_column(n, usual, available, option=option, source=source) for n in names]
    return tuple(name for name in chosen if name is not None)


def find_classes(values: Iterable[Any], *, column: str) -> tuple[str, ...]:
    """Return the names of the classes that all labels of a data set make up.

    Whole numbers give "0", "1", … up to the largest. Names are sorted: as numbers where all are,
    alphabetically otherwise.
    """
    distinct = {_plain(value, column) for value in _distinct(values) if value is not None}
    numbers = [value for value in distinct if isinstance(value, int)]
    names = [value for value in distinct if isinstance(value, str)]
    if numbers and names:
        raise DataError(
            f"labels are all whole numbers or all names; column {column!r} has both "
            f"{numbers[0]!r} and {names[0]!r}; choose another with label_column"
        )
    if numbers:
        return tuple(str(number) for number in range(max(numbers) + 1))
    return tuple(sorted(names, key=int if all(map(str.isdecimal, names)) else None))


def plugin_columns(available: Iterable[str], taken: Collection[str | None]) -> tuple[str, ...]:
    """Return the columns that are named after a kind of input that a plugin brings.

    Args:
        taken: columns that are read as something else.
    """
    brought = {
        modality.name
        for plugin in manager().plugins
        for modality in plugin.modalities
        if modality.kind == "semantic"
    }
    brought -= {"target", *COLUMNS, *taken}
    return tuple(name for name in available if name in brought)


def read_others(
    columns: Mapping[str, list[Any]], size: Size
) -> tuple[dict[str, Tensor | list[Any]], tuple[str, ...]]:
    """Return columns of plugins' kinds of input as their readers have them, and notes.

    A column that its reader refuses is left out, and a note says why: it may be of the same name
    and of another kind, and what is trained may have no use for it.
    """
    found: dict[str, Tensor | list[Any]] = {}
    notes = []
    for name, values in columns.items():
        try:
            found[name] = _read_other(name, values, size)
        except InputError as error:
            notes.append(f"the column {name!r} is left out: {error}")
        except Exception as error:  # a reader of others, that data have no use for, ends nothing
            reason = f"{type(error).__name__}: {error}"
            notes.append(f"the column {name!r} is left out: its reader failed: {reason}")
    return found, tuple(notes)


def _read_other(name: str, values: list[Any], size: Size) -> Tensor | list[Any]:
    missing = next((row for row, value in enumerate(values, 1) if value is None), None)
    if missing is not None:
        raise InputError(f"row {missing} has none")
    read = load_reference(manager().modality(name).reader)
    found: Tensor | list[Any] = read(values, Slot(name=name, modality=name), size)
    if len(found) != len(values):
        raise InputError(f"its reader made {len(found)} values of {len(values)} rows")
    return found


def to_labels(values: Sequence[Any], class_names: Sequence[str], *, column: str) -> Tensor:
    """Return labels, int64 (N,), of whole numbers or names of classes.

    Raises:
        DataError: a label is missing, no whole number or not among the classes.
    """
    index_by_name = {name: index for index, name in enumerate(class_names)}
    known: dict[Any, int] = {}
    for row, value in enumerate(values):
        if value is None:
            missing = sum(item is None for item in values)
            raise DataError(
                f"every picture needs a label; column {column!r} has none in {missing} of "
                f"{len(values)} rows, first in row {row + 1}"
            )
        if value not in known:
            plain = _plain(value, column)
            known[value] = plain if isinstance(plain, int) else index_by_name.get(plain, -1)
            if not 0 <= known[value] < len(class_names):
                raise DataError(
                    f"column {column!r} has the label {value!r} in row {row + 1}, which is none of "
                    f"the {len(class_names)} classes ({_shorten(class_names)})"
                )
    return torch.tensor([known[value] for value in values], dtype=torch.int64)


def to_texts(columns: Mapping[str, Sequence[Any]]) -> Column:
    """Return a caption per row, "" where there is none, or several where a row has several.

    Of several columns each is drawn from about as often, however many captions of a row it has.
    What a row is called when nothing is drawn is the first caption of the first.

    Args:
        columns: by name, one at least; each of N texts, None, or lists of texts.
    """
    of_columns = [
        [_captions(value, row, name) for row, value in enumerate(values)]
        for name, values in columns.items()
    ]
    rows = [_evenly(captions) for captions in zip(*of_columns, strict=True)]
    if all(len(captions) == 1 for captions in rows):
        return [captions[0] for captions in rows]
    return Choices.of_rows(rows)


def _captions(value: Any, row: int, column: str) -> list[str]:
    if isinstance(value, list | tuple):
        return [_caption(item, row, column) for item in value] or [""]
    return [_caption(value, row, column)]


def _evenly(columns: Sequence[list[str]]) -> list[str]:
    """Return the captions of one row, those of short columns repeated; empty columns count not."""
    given = [captions for captions in columns if any(captions)] or columns[:1]
    most = max(len(captions) for captions in given)
    return [text for captions in given for text in captions * round(most / len(captions))]


def _caption(value: Any, row: int, column: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise DataError(
            f"captions are texts; column {column!r} has {value!r} in row {row + 1}; "
            "choose another with text_column"
        )
    return value


def _distinct(values: Iterable[Any]) -> Collection[Any]:
    values = list(values)
    try:
        return set(values)
    except TypeError:  # lists and the like: refused one by one, with a better message
        return values


def _plain(value: Any, column: str) -> int | str:
    """Return a label as int or str, or say why it is neither."""
    if isinstance(value, str):
        return value
    try:
        number = int(value) if isinstance(value, float) and value == int(value) else value
        number = operator.index(number)
    except (TypeError, ValueError, OverflowError):
        raise DataError(
            f"labels are whole numbers from 0 or names of classes; column {column!r} has "
            f"{value!r}; choose another with label_column"
        ) from None
    if not 0 <= number < _MOST_CLASSES:
        raise DataError(
            f"labels count classes from 0; column {column!r} has {number}; choose another with "
            "label_column"
        )
    return number


def _shorten(names: Sequence[str], most: int = 8) -> str:
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")
