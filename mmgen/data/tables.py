"""Arrow tables with a column of pictures, of sounds or of both, as Hugging Face stores data sets.

A picture or sound is {bytes, path} or bytes alone. ClassLabel columns bring the names of their
classes; by what they hold, Image and Audio tell columns apart that are of one type.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from mmgen.data.columns import (
    AUDIO_COLUMNS,
    GIVEN_COLUMNS,
    LABEL_COLUMNS,
    TEXT_COLUMNS,
    choose_column,
    choose_columns,
    find_classes,
    plugin_columns,
    to_labels,
    to_texts,
)
from mmgen.data.options import DataOptions
from mmgen.data.records import Records
from mmgen.errors import DataError, did_you_mean

IMAGE_COLUMNS = ("image", "img", "picture", "photo", "pixels", "jpg", "png")
_OPEN_KINDS = (None, "Value")  # bytes of which nothing is said


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """The columns of a table that are read, by what they are read as; None or (): there is none."""

    pictures: str | None
    sounds: str | None
    given: str | None
    label: str | None
    texts: tuple[str, ...]
    others: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """Those there are."""
        every = (self.pictures, self.label, *self.texts, self.given, self.sounds, *self.others)
        return [name for name in every if name is not None]


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The columns of a table.

    Attributes:
        files: those that hold files, {bytes, path} or bytes, by their type.
        all: every column.
        class_names: of the columns that are numbered classes.
        kinds: what `datasets` calls a column ("Image", "Audio", "Value", …), where it says so.
    """

    files: tuple[str, ...]
    all: tuple[str, ...]
    class_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)

    def choose(self, options: DataOptions, *, source: str) -> Chosen:
        """Return the columns to read: those that are asked for, else those that are found.

        Raises:
            DataError: one asked for is not there or of another kind, there are neither pictures
                nor sounds, or several columns of which none is asked for.
        """
        sounds = self._choose_sounds(options, source)
        chosen = Chosen(
            pictures=self._choose_pictures(options.image_column, sounds, source),
            sounds=sounds,
            given=choose_column(
                options.given_column,
                GIVEN_COLUMNS,
                self._pictures(sounds),
                option="given_column",
                source=source,
            ),
            label=self.choose_label(options.label_column, source=source),
            texts=choose_columns(
                options.text_column, TEXT_COLUMNS, self.all, option="text_column", source=source
            ),
        )
        return replace(chosen, others=plugin_columns(self.all, chosen.names))

    def choose_label(self, asked: str | None, *, source: str) -> str | None:
        """Return the column of labels, or None."""
        usual = [*LABEL_COLUMNS, *(self.class_names if len(self.class_names) == 1 else ())]
        return choose_column(asked, usual, self.all, option="label_column", source=source)

    def _choose_sounds(self, options: DataOptions, source: str) -> str | None:
        asked = options.audio_column
        if asked is not None:
            among = [name for name in self._of_kind("Audio") if name != options.image_column]
            return self._demand(asked, among, "sounds", "audio_column", source)
        found = [name for name in self._sounds if name != options.image_column]
        usual = [name for name in AUDIO_COLUMNS if name in found]
        if len(found) > 1 and not usual:
            raise DataError(
                f"{source} has several columns of sounds: {', '.join(found)}; choose one with "
                "audio_column"
            )
        return next(iter([*usual, *found]), None)

    def _choose_pictures(self, asked: str | None, sounds: str | None, source: str) -> str | None:
        if asked is not None:
            return self._demand(asked, self._of_kind("Image"), "pictures", "image_column", source)
        pictures = self._pictures(sounds)
        wanted = [name for name in pictures if name not in GIVEN_COLUMNS]
        usual = [name for name in IMAGE_COLUMNS if name in pictures]
        if len(wanted) == 1 or usual:
            return wanted[0] if len(wanted) == 1 else usual[0]
        if sounds is not None and not pictures:
            return None
        raise DataError(
            f"a column of pictures, or of sounds, holds bytes, or bytes and path; {source}: "
            f"{self._found(pictures, 'pictures')}"
            + ("; choose one with image_column" if pictures else "")
        )

    def _demand(
        self, asked: str, among: Collection[str], what: str, option: str, source: str
    ) -> str:
        if asked in among:
            return asked
        raise DataError(
            f"{source} has no column of {what} {asked!r} ({option}){did_you_mean(asked, among)}; "
            f"{self._found(among, what)}"
        )

    def _found(self, names: Collection[str], what: str) -> str:
        return (
            f"columns of {what}: {', '.join(names) or 'none'}; all columns: {', '.join(self.all)}"
        )

    def _of_kind(self, kind: str) -> list[str]:
        """Return the columns of files that are of a kind, or may be."""
        return [name for name in self.files if self.kinds.get(name) in (kind, *_OPEN_KINDS)]

    @property
    def _sounds(self) -> list[str]:
        """The columns of files that are sounds by what is said of them, or by their names."""
        return [
            name
            for name in self._of_kind("Audio")
            if self.kinds.get(name) == "Audio" or name in AUDIO_COLUMNS
        ]

    def _pictures(self, sounds: str | None) -> list[str]:
        """Return the columns of files that are taken for pictures where none is asked for."""
        others = {*self._sounds, sounds}
        return [name for name in self._of_kind("Image") if name not in others]


@dataclass(frozen=True)
class ArrowFiles:
    """The pictures or sounds of a column; `folder` is where relative paths begin."""

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


def columns_of(
    schema: Any, class_names: Mapping[str, tuple[str, ...]], kinds: Mapping[str, str]
) -> Columns:
    """Sort the columns of a pyarrow schema by what they may hold."""
    return Columns(
        files=tuple(item.name for item in schema if _may_be_files(item.type)),
        all=tuple(schema.names),
        class_names={name: names for name, names in class_names.items() if name in schema.names},
        kinds=kinds,
    )


def to_records(
    table: Any,
    columns: Columns,
    chosen: Chosen,
    *,
    every_label: Iterable[Any],
    folder: Path,
) -> Records:
    """Make records of a pyarrow table.

    Args:
        every_label: labels of all splits, which together make up the classes; used only where
            the column does not name them itself.
    """
    label = chosen.label
    texts = {name: table.column(name).to_pylist() for name in chosen.texts}
    labels = names = None
    if label is not None:
        names = columns.class_names.get(label) or find_classes(every_label, column=label)
        labels = to_labels(table.column(label).to_pylist(), names, column=label)

    def files(name: str | None) -> ArrowFiles | None:
        return None if name is None else ArrowFiles(table.column(name), folder)

    pictures: ArrowFiles | torch.Tensor | None = files(chosen.pictures)
    if pictures is None:
        pictures = torch.empty(len(table), 0, 0, 0, dtype=torch.uint8)
    return Records(
        pictures=pictures,
        sounds=files(chosen.sounds),
        labels=labels,
        class_names=names,
        texts=to_texts(texts) if texts else None,
        given=files(chosen.given),
        others={name: table.column(name).to_pylist() for name in chosen.others},
    )


def _may_be_files(arrow_type: Any) -> bool:
    import pyarrow.types as types

    if types.is_struct(arrow_type):
        return {item.name for item in arrow_type} >= {"bytes", "path"}
    return bool(types.is_binary(arrow_type) or types.is_large_binary(arrow_type))
