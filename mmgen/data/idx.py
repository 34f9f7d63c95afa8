"""Folders of idx files, as MNIST and its kin come: train-images-idx3-ubyte(.gz) and so on.

The format: two zero bytes, a type (8: unsigned byte), the number of dimensions, each dimension
as a big-endian 32-bit integer, then the values.
"""

import gzip
import math
import re
import struct
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from torch import Tensor

from mmgen.data.arrays import to_pictures
from mmgen.data.columns import find_classes, to_labels
from mmgen.data.options import DataOptions
from mmgen.data.records import Records
from mmgen.data.splits import split_in_name
from mmgen.errors import DataError

_FILE_NAME = re.compile(
    r"(?P<split>.+)[-_.](?P<role>images|labels)[-_.]idx[1-4][-_.]ubyte(?:\.gz)?", re.IGNORECASE
)
_UNSIGNED_BYTE = 8


@dataclass
class _Files:
    """The two files of a split."""

    images: Path | None = None
    labels: Path | None = None


class IdxFolder:
    """A source of idx files; t10k is called "test".

    Raises:
        DataError: no images among the files.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.name if path.name != "raw" else path.parent.name
        self._path = path
        found = _find_files(path)
        self._by_split = {split: files for split, files in found.items() if files.images}
        if not self._by_split:
            raise DataError(
                f"{path} has idx files but none of images; the pictures of train are called "
                "train-images-idx3-ubyte or train-images-idx3-ubyte.gz"
            )

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits there are."""
        return tuple(self._by_split)

    def read(self, split: str, options: DataOptions) -> Records:
        """Return a split's pictures and labels; the classes are those of all splits."""
        files = self._by_split[split]
        assert files.images is not None
        pixels = read_idx(files.images)
        pictures = to_pictures(pixels, image_shape=options.image_shape, where=str(files.images))
        labels = self._labels.get(split)
        if labels is None:
            return Records(pictures=pictures)
        if len(labels) != len(pictures):
            raise DataError(
                f"every picture has a label; {files.images} has {len(pictures)} pictures and "
                f"{files.labels} has {len(labels)} labels"
            )
        return Records(pictures=pictures, labels=labels, class_names=self._class_names)

    @cached_property
    def _raw_labels(self) -> dict[str, np.ndarray]:
        found = {split: files.labels for split, files in self._by_split.items()}
        return {split: read_idx(path) for split, path in found.items() if path is not None}

    @cached_property
    def _class_names(self) -> tuple[str, ...]:
        values = (np.unique(array).tolist() for array in self._raw_labels.values())
        return find_classes((value for part in values for value in part), column="labels")

    @cached_property
    def _labels(self) -> dict[str, Tensor]:
        return {
            split: to_labels(array.reshape(-1).tolist(), self._class_names, column="labels")
            for split, array in self._raw_labels.items()
        }


def is_idx_name(name: str) -> bool:
    """Whether a file is called like an idx file of images or labels."""
    return _FILE_NAME.fullmatch(name) is not None


def read_idx(path: Path) -> np.ndarray:
    """Read an idx file of unsigned bytes, gzip-compressed where its name ends in .gz.

    Raises:
        DataError: truncated, of another format or of another type.
    """
    content = _read_bytes(path)
    if len(content) < 4 or content[:2] != b"\0\0":
        raise DataError(
            f"an idx file begins with two zero bytes, a type and a number of dimensions; {path} "
            f"begins with {content[:4].hex(' ') or 'nothing'}"
        )
    kind, num_dimensions = content[2], content[3]
    if kind != _UNSIGNED_BYTE:
        raise DataError(f"idx files of unsigned bytes (type 8) can be read; {path} has type {kind}")
    start = 4 + 4 * num_dimensions
    if len(content) < start:
        raise DataError(f"{path} is truncated within its header; fetch it again")
    shape = struct.unpack(f">{num_dimensions}I", content[4:start])
    if len(content) - start != math.prod(shape):
        raise DataError(
            f"{path} announces {' × '.join(map(str, shape))} = {math.prod(shape)} bytes and holds "
            f"{len(content) - start}; it is truncated or damaged, fetch it again"
        )
    return np.frombuffer(bytearray(content), np.uint8, offset=start).reshape(shape)


def _read_bytes(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if path.suffix == ".gz" else content
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path} is truncated or damaged ({error}); fetch it again") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error}") from error


def _find_files(folder: Path) -> dict[str, _Files]:
    found: dict[str, _Files] = {}
    # Sorted, so that a plain file is met before its compressed twin, and is the one kept.
    for path in sorted(folder.iterdir()):
        match = _FILE_NAME.fullmatch(path.name)
        if match is None:
            continue
        word = split_in_name(match["split"]) or match["split"]
        files = found.setdefault("test" if word == "t10k" else word, _Files())
        role = match["role"].lower()
        setattr(files, role, getattr(files, role) or path)
    return dict(sorted(found.items(), key=lambda item: item[0] != "train"))
