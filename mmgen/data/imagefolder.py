"""Folders (or zip archives) of picture files, or of recordings.

The layouts are those of Hugging Face image folders: pictures anywhere; folders train, valid and
test as splits; one sub-folder per class; metadata.jsonl or metadata.csv with further columns.
Besides, `x.txt` beside `x.jpg` is its caption. Where metadata has `input_file_name`, each picture
is to be made from another, and those others are not pictures of the set themselves; with
`audio_file_name` each has a sound. A folder without pictures may hold recordings, in the same
layouts.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

import torch
from torch import Tensor

from mmgen.data.choices import Column
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
from mmgen.data.filetree import FileTree, is_picture_name, is_sound_name
from mmgen.data.metadata import PATH_ENDING, Metadata, read_metadata
from mmgen.data.options import DataOptions
from mmgen.data.records import Problem, Records
from mmgen.data.splits import canonical, is_split_name
from mmgen.errors import DataError

_FOLDER_CLASS = "the class folder"


@dataclass(frozen=True)
class FilePictures:
    """Pictures, or sounds, that are files of a tree."""

    tree: FileTree
    names: list[str]

    def __len__(self) -> int:
        return len(self.names)

    def read(self, index: int) -> bytes:
        return self.tree.read(self.names[index])

    def name(self, index: int) -> str:
        return self.names[index]


class ImageFolder:
    """A source of picture files or recordings; see the module's docstring for its layouts.

    Raises:
        DataError: there is neither in it.
    """

    def __init__(self, tree: FileTree, *, without: Collection[str] = ()) -> None:
        self.name = tree.path.stem
        self._tree = tree
        self._without = frozenset(without)
        every = [name for name in tree.names if is_picture_name(name)]
        self._are_sounds = not every
        if self._are_sounds:
            every = [name for name in tree.names if is_sound_name(name)]
        pictures = [name for name in every if name not in self._without]
        if not pictures:
            raise DataError(_no_pictures(tree))
        self._root = _common_folder(pictures)
        self._by_split = _group_by_split(pictures, self._root)
        self._num_outside = len(pictures) - sum(map(len, self._by_split.values()))

    @property
    def splits(self) -> tuple[str, ...]:
        """The split folders as they are called, or "train" alone."""
        return tuple(self._by_split)

    def read(self, split: str, options: DataOptions) -> Records:
        """Return the pictures of a split, sorted by name, with labels and captions."""
        partners = self._partners(options.given_column)
        if partners and not self._without:
            return ImageFolder(self._tree, without=partners.values()).read(split, options)
        pictures = self._by_split[split]
        labels, class_names = self._labels(pictures, options.label_column)
        texts = self._texts(pictures, options.text_column)
        files = FilePictures(self._tree, pictures)
        return Records(
            pictures=torch.empty(len(files), 0, 0, 0, dtype=torch.uint8)
            if self._are_sounds
            else files,
            sounds=files if self._are_sounds else self._sounds(pictures, options.audio_column),
            labels=labels,
            class_names=class_names,
            texts=texts,
            given=self._given(pictures, partners),
            others={
                name: self._metadata.column(name, pictures)
                for name in plugin_columns(
                    self._metadata.columns, (options.label_column, *(options.text_column or ()))
                )
            },
            problems=self._missing_files(split),
            notes=self._notes(),
        )

    @cached_property
    def _metadata(self) -> Metadata:
        return read_metadata(self._tree)

    def _partners(self, asked: str | None) -> dict[str, str]:
        """Return the picture that goes in for each picture that has one."""
        columns = [name.removesuffix(PATH_ENDING) for name in self._metadata.path_columns]
        column = choose_column(
            asked, GIVEN_COLUMNS, columns, option="given_column", source=str(self._tree.path)
        )
        if column is None:
            return {}
        rows = self._metadata.rows.items()
        named = {picture: row.get(f"{column}{PATH_ENDING}") for picture, row in rows}
        return {picture: name for picture, name in named.items() if name is not None}

    def _sounds(self, pictures: list[str], asked: str | None) -> FilePictures | None:
        columns = [name.removesuffix(PATH_ENDING) for name in self._metadata.path_columns]
        column = choose_column(
            asked, AUDIO_COLUMNS, columns, option="audio_column", source=str(self._tree.path)
        )
        if column is None:
            return None
        named = self._metadata.column(f"{column}{PATH_ENDING}", pictures)
        silent = [picture for picture, name in zip(pictures, named, strict=True) if name is None]
        if silent:
            raise DataError(
                f"every picture needs a sound; {self._tree.path}: {silent[0]!r} has none in the "
                f"metadata ({len(silent)} of {len(pictures)})"
            )
        return FilePictures(self._tree, named)

    def _given(self, pictures: list[str], partners: dict[str, str]) -> FilePictures | None:
        if not partners:
            return None
        alone = [picture for picture in pictures if picture not in partners]
        if alone:
            raise DataError(
                f"every picture needs one to be made from; {self._tree.path}: {alone[0]!r} "
                f"has none in the metadata ({len(alone)} of {len(pictures)})"
            )
        return FilePictures(self._tree, [partners[picture] for picture in pictures])

    @cached_property
    def _every_picture(self) -> list[str]:
        return [name for names in self._by_split.values() for name in names]

    def _labels(
        self, pictures: list[str], asked: str | None
    ) -> tuple[Tensor | None, tuple[str, ...] | None]:
        column = choose_column(
            asked,
            LABEL_COLUMNS,
            self._metadata.columns,
            option="label_column",
            source=str(self._tree.path),
        )
        folders = self._class_folders
        if column is None:
            if folders is None:
                return None, None
            names = find_classes(folders.values(), column=_FOLDER_CLASS)
            values = [folders[picture] for picture in pictures]
            return to_labels(values, names, column=_FOLDER_CLASS), names
        every = self._metadata.column(column, self._every_picture)
        names = find_classes(every, column=column)
        labels = to_labels(self._metadata.column(column, pictures), names, column=column)
        return labels, self._names_from_folders(every, names)

    def _names_from_folders(self, values: list[object], names: tuple[str, ...]) -> tuple[str, ...]:
        """Name numbered classes after their folders, where each has one of its own."""
        folders = self._class_folders
        if folders is None or any(isinstance(value, str) for value in values):
            return names
        every = zip(values, self._every_picture, strict=True)
        pairs = {(value, folders[name]) for value, name in every}
        by_number = dict(pairs)
        one_to_one = len(pairs) == len(by_number) == len(set(by_number.values())) == len(names)
        return tuple(str(by_number[index]) for index in range(len(names))) if one_to_one else names

    @cached_property
    def _class_folders(self) -> dict[str, str] | None:
        """The class of every picture by its folder; None where folders are no classes."""
        inside = {name: _below_split(name, self._root) for name in self._every_picture}
        depths = {len(parts) for parts in inside.values()}
        classes = {parts[-2] for parts in inside.values() if len(parts) > 1}
        if len(depths) != 1 or len(classes) < 2:
            return None
        return {name: parts[-2] for name, parts in inside.items()}

    def _texts(self, pictures: list[str], asked: tuple[str, ...] | None) -> Column | None:
        columns = choose_columns(
            asked,
            TEXT_COLUMNS,
            self._metadata.columns,
            option="text_column",
            source=str(self._tree.path),
        )
        if not columns:
            return self._texts_beside(pictures)
        return to_texts({name: self._metadata.column(name, pictures) for name in columns})

    def _texts_beside(self, pictures: list[str]) -> list[str] | None:
        beside = [str(PurePosixPath(picture).with_suffix(".txt")) for picture in pictures]
        there = set(self._tree.names).intersection(beside)
        if not there:
            return None
        return [
            self._tree.read(name).decode("utf-8", errors="replace").strip() if name in there else ""
            for name in beside
        ]

    def _missing_files(self, split: str) -> tuple[Problem, ...]:
        there = set(self._tree.names)
        missing = [name for name in self._metadata.rows if name not in there]
        return tuple(
            Problem(name, f"{self._metadata.places[name]} names it, but there is no such file")
            for name in missing
            if (_split_folder(name, self._root) or "train") == split
        )

    def _notes(self) -> tuple[str, ...]:
        if not self._num_outside:
            return ()
        folders = ", ".join(self.splits)
        return (f"{self._num_outside} pictures lie outside the splits {folders} and are not used",)


def _common_folder(pictures: list[str]) -> str:
    """Return the prefix ("" or "x/y/") of folders that hold everything and are no splits."""
    parts = [name.split("/")[:-1] for name in (min(pictures), max(pictures))]
    shared = []
    for first, last in zip(*parts, strict=False):
        if first != last or is_split_name(first):
            break
        shared.append(first)
    return "".join(f"{part}/" for part in shared)


def _group_by_split(pictures: list[str], root: str) -> dict[str, list[str]]:
    splits: dict[str, list[str]] = {}
    for name in pictures:
        split = _split_folder(name, root)
        if split is not None:
            splits.setdefault(split, []).append(name)
    if not splits:
        return {"train": pictures}
    order = ("train", "valid", "test")
    return dict(sorted(splits.items(), key=lambda item: order.index(canonical(item[0]))))


def _split_folder(name: str, root: str) -> str | None:
    top, _, rest = name.removeprefix(root).partition("/")
    return top if rest and is_split_name(top) else None


def _below_split(name: str, root: str) -> list[str]:
    parts = name.removeprefix(root).split("/")
    return parts if _split_folder(name, root) is None else parts[1:]


def _no_pictures(tree: FileTree) -> str:
    kinds = Counter(PurePosixPath(name).suffix.lower() or "no suffix" for name in tree.names)
    found = ", ".join(f"{count} × {kind}" for kind, count in kinds.most_common(5)) or "no files"
    return (
        f"{tree.path} has no pictures and no sounds; found {found}. A data set is a folder or zip "
        "archive of picture files or recordings, a folder of parquet or MNIST-style idx files, an "
        ".npz file or the name of a Hub data set (org/name)"
    )
