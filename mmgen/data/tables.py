"""Arrow tables with a column of pictures, as Hugging Face stores data sets.

A picture is {bytes, path} or bytes alone; ClassLabel columns bring the names of their classes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmgen.data.columns import (
    GIVEN_COLUMNS,
    LABEL_COLUMNS,
    TEXT_COLUMNS,
    choose_column,
    classes_of,
    to_labels,
    to_texts,
)
from mmgen.data.options import DataOptions
from mmgen.data.records import Records
from mmgen.errors import DataError, did_you_mean

IMAGE_COLUMNS = ("image", "img", "picture", "photo", "pixels", "jpg", "png")


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The columns of a table.

    Attributes:
        pictures: those that hold pictures, by their type.
        class_names: of the columns that are numbered classes.
        all: every column.
    """

    pictures: tuple[str, ...]
    all: tuple[str, ...]
    class_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def choose_pictures(self, asked: str | None, *, source: str) -> str:
        """Return the column of pictures.

        Raises:
            DataError: none, several and none asked for, or the one asked for holds none.
        """
        if asked is not None:
            if asked in self.pictures:
                return asked
            raise DataError(
                f"{source} has no column of pictures {asked!r} (image_column)"
                f"{did_you_mean(asked, self.pictures)}; {self._found()}"
            )
        wanted = [name for name in self.pictures if name not in GIVEN_COLUMNS]
        if len(wanted) == 1:
            return wanted[0]
        usual = [name for name in IMAGE_COLUMNS if name in self.pictures]
        if not usual:
            raise DataError(
                f"a column of pictures holds bytes, or bytes and path; {source}: {self._found()}"
                + ("; choose one with image_column" if self.pictures else "")
            )
        return usual[0]

    def choose_given(self, asked: str | None, *, source: str) -> str | None:
        """Return the column of the pictures that go in, or None."""
        return choose_column(
            asked, GIVEN_COLUMNS, self.pictures, option="given_column", source=source
        )

    def choose_labels(self, asked: str | None, *, source: str) -> str | None:
        """Return the column of labels, or None."""
        usual = [*LABEL_COLUMNS, *(self.class_names if len(self.class_names) == 1 else ())]
        return choose_column(asked, usual, self.all, option="label_column", source=source)

    def choose_texts(self, asked: str | None, *, source: str) -> str | None:
        """Return the column of captions, or None."""
        return choose_column(asked, TEXT_COLUMNS, self.all, option="text_column", source=source)

    def _found(self) -> str:
        return (
            f"columns of pictures: {', '.join(self.pictures) or 'none'}; "
            f"all columns: {', '.join(self.all)}"
        )


@dataclass(frozen=True)
class ArrowPictures:
    """The pictures of a column; `folder` is where relative paths begin."""

    column: Any  # pyarrow.ChunkedArray
    folder: Path

    def __len__(self) -> int:
        return len(self.column)

    def read(self, index: int) -> bytes:
        content, path = self._cell(index)
        if content is not None:
            return content
        if path is None:
            raise OSError("the cell is empty")
        return (self.folder / path).read_bytes()

    def name(self, index: int) -> str:
        path = self._cell(index)[1]
        return f"row {index + 1}" + (f" ({path})" if path else "")

    def _cell(self, index: int) -> tuple[bytes | None, str | None]:
        cell = self.column[index].as_py()
        if isinstance(cell, Mapping):
            return cell.get("bytes"), cell.get("path")
        return cell, None


def columns_of(schema: Any, class_names: Mapping[str, tuple[str, ...]]) -> Columns:
    """Sort the columns of a pyarrow schema by what they may hold."""
    return Columns(
        pictures=tuple(item.name for item in schema if _may_be_pictures(item.type)),
        all=tuple(schema.names),
        class_names={name: names for name, names in class_names.items() if name in schema.names},
    )


def to_records(
    table: Any,
    columns: Columns,
    options: DataOptions,
    *,
    every_label: Iterable[Any],
    source: str,
    folder: Path,
) -> Records:
    """Make records of a pyarrow table.

    Args:
        every_label: labels of all splits, which together make up the classes; used only where
            the column does not name them itself.
    """
    pictures = columns.choose_pictures(options.image_column, source=source)
    given = columns.choose_given(options.given_column, source=source)
    label = columns.choose_labels(options.label_column, source=source)
    text = columns.choose_texts(options.text_column, source=source)
    labels = names = None
    if label is not None:
        names = columns.class_names.get(label) or classes_of(every_label, column=label)
        labels = to_labels(table.column(label).to_pylist(), names, column=label)
    return Records(
        pictures=ArrowPictures(table.column(pictures), folder),
        labels=labels,
        class_names=names,
        texts=None if text is None else to_texts(table.column(text).to_pylist(), column=text),
        given=None if given is None else ArrowPictures(table.column(given), folder),
    )


def _may_be_pictures(arrow_type: Any) -> bool:
    import pyarrow.types as types

    if types.is_struct(arrow_type):
        return {item.name for item in arrow_type} >= {"bytes", "path"}
    return bool(types.is_binary(arrow_type) or types.is_large_binary(arrow_type))
