"""Arrays in an .npz file: named splits, with labels where there are any.

Understood names, with any word for a split: `train`, `valid`, `test`; `train_images` and
`train_labels`; `x_train` and `y_train`; `images` and `labels` alone; `class_names`; `inputs` or
`train_inputs` for what goes in, where pictures are to be made from others. A .npy file
is one array of pictures. Pickled objects are never read.
"""

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Tensor

from mmgen.data.arrays import to_pictures
from mmgen.data.columns import find_classes, to_labels
from mmgen.data.options import DataOptions
from mmgen.data.records import Records
from mmgen.data.splits import is_split_name
from mmgen.errors import DataError

_PICTURES = ("images", "image", "pictures", "x", "data", "arr_0")
_SINGLE = "images"  # what the array of a .npy file is called
_DAMAGE = (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error)
_GIVEN = ("inputs", "input")
_LABELS = ("labels", "label", "y", "targets")


@dataclass
class _Names:
    """What the arrays of one split are called."""

    pictures: str | None = None
    labels: str | None = None
    given: str | None = None


class Npz:
    """A source of arrays; see the module's docstring for their names.

    Raises:
        DataError: no such file format, or no array of pictures in it.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        self._path = path
        self._arrays = _names(path)
        names = _group(self._arrays)
        self._by_split = {split: found for split, found in names.items() if found.pictures}
        if not self._by_split:
            raise DataError(
                f"{path} has no pictures; they are arrays called train, valid, test, images or "
                f"<split>_images; its arrays: {', '.join(self._arrays) or 'none'}"
            )

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits' names as the arrays are called, or "train" alone."""
        return tuple(self._by_split)

    def read(self, split: str, options: DataOptions) -> Records:
        """Return a split's pictures and labels."""
        names = self._by_split[split]
        assert names.pictures is not None
        pictures = self._pictures(names.pictures, options)
        labels, class_names = self._read_labels(names.labels)
        if labels is not None and len(labels) != len(pictures):
            raise DataError(
                f"{self._path}: every picture has a label; {names.pictures!r} has {len(pictures)} "
                f"rows and {names.labels!r} has {len(labels)}"
            )
        given = None if names.given is None else self._pictures(names.given, options)
        if given is not None and len(given) != len(pictures):
            raise DataError(
                f"{self._path}: every picture has one to be made from; {names.pictures!r} has "
                f"{len(pictures)} rows and {names.given!r} has {len(given)}"
            )
        return Records(pictures=pictures, labels=labels, class_names=class_names, given=given)

    def _pictures(self, name: str, options: DataOptions) -> Tensor:
        where = f"{self._path}: {name!r}"
        return to_pictures(self._load(name), image_shape=options.image_shape, where=where)

    def _read_labels(self, name: str | None) -> tuple[Tensor | None, tuple[str, ...] | None]:
        if name is None:
            return None, None
        every = [self._labels_of(other.labels) for other in self._by_split.values() if other.labels]
        if "class_names" in self._arrays:
            names = tuple(map(str, self._load("class_names").tolist()))
        else:
            names = find_classes((value for values in every for value in values), column=name)
        return to_labels(self._labels_of(name), names, column=name), names

    def _labels_of(self, name: str) -> list[object]:
        array = self._load(name)
        if array.ndim == 2 and array.shape[1] == 1:
            array = array[:, 0]
        if array.ndim != 1:
            raise DataError(
                f"labels are one number or name a picture; {self._path}: {name!r} is {array.shape}"
            )
        return array.tolist()

    def _load(self, name: str) -> np.ndarray:
        try:
            return _read(self._path, name)
        except _DAMAGE as error:
            if "pickle" in str(error):
                raise DataError(
                    f"{self._path}: {name!r} holds Python objects, which are never unpickled; "
                    "save it as an array of numbers"
                ) from error
            raise DataError(f"{self._path}: {name!r} cannot be read: {error}") from error


def _names(path: Path) -> tuple[str, ...]:
    try:
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            return (_SINGLE,) if isinstance(loaded, np.ndarray) else tuple(loaded.files)
    except _DAMAGE as error:
        raise DataError(f"{path} cannot be read as numpy arrays: {error}") from error


def _read(path: Path, name: str) -> np.ndarray:
    with path.open("rb") as file:
        loaded = np.load(file, allow_pickle=False)
        return loaded if isinstance(loaded, np.ndarray) else loaded[name]


def _group(arrays: tuple[str, ...]) -> dict[str, _Names]:
    splits: dict[str, _Names] = {}
    for name in arrays:
        split, role = _meaning(name)
        if role == "pictures":
            splits.setdefault(split, _Names()).pictures = name
        elif role == "given":
            splits.setdefault(split, _Names()).given = name
        elif role == "labels":
            splits.setdefault(split, _Names()).labels = name
    return splits


def _meaning(name: str) -> tuple[str, str | None]:
    """Return (split, "pictures", "given", "labels" or None) for an array's name."""
    if is_split_name(name):
        return name, "pictures"
    words = name.lower().rsplit("_", 1)
    split = next((word for word in words if is_split_name(word)), "train")
    rest = "_".join(word for word in words if word != split) if split in words else name.lower()
    roles = {"pictures": _PICTURES, "given": _GIVEN, "labels": _LABELS}
    return split, next((role for role, names in roles.items() if rest in names), None)
