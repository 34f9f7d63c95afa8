"""Folders of idx files."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mmgen.data.idx import IdxFolder, is_idx_name, read_idx
from mmgen.data.options import DataOptions
from mmgen.errors import DataError

OPTIONS = DataOptions()
WriteIdx = Callable[[Path, np.ndarray], None]


def test_splits_labels_and_classes_are_read_plain_and_compressed(digits: Path) -> None:
    source = IdxFolder(digits)
    assert source.splits == ("train", "test")
    train, test = (source.read(split, OPTIONS) for split in source.splits)
    assert train.pictures.shape == (40, 1, 5, 4)
    assert test.pictures.shape == (10, 1, 5, 4)
    assert train.labels[:11].tolist() == [*range(10), 0]
    assert train.class_names == test.class_names == tuple("0123456789")


def test_pixels_are_what_was_written(tmp_path: Path, write_idx: WriteIdx) -> None:
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    write_idx(tmp_path / "train-images-idx3-ubyte.gz", pixels)
    records = IdxFolder(tmp_path).read("train", OPTIONS)
    assert np.array_equal(records.pictures.numpy(), pixels[:, None])
    assert records.labels is None


def test_classes_are_those_of_all_splits(tmp_path: Path, write_idx: WriteIdx) -> None:
    for split, labels in (("train", [0, 1]), ("test", [2, 2])):
        write_idx(tmp_path / f"{split}-images-idx3-ubyte", np.ones((2, 2, 2)))
        write_idx(tmp_path / f"{split}-labels-idx1-ubyte", np.array(labels))
    assert IdxFolder(tmp_path).read("train", OPTIONS).class_names == ("0", "1", "2")


@pytest.mark.parametrize(
    "name",
    [
        "train-images-idx3-ubyte",
        "t10k-labels-idx1-ubyte.gz",
        "emnist-letters-train-images-idx3-ubyte.gz",
        "train-images.idx3-ubyte",
    ],
)
def test_usual_names_are_known(name: str) -> None:
    assert is_idx_name(name)
    assert not is_idx_name(name + ".part")


def test_a_truncated_gzip_file_is_named(digits: Path) -> None:
    path = digits / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte\.gz is truncated or damaged"):
        IdxFolder(digits).read("train", OPTIONS)


def test_a_truncated_idx_file_says_how_much_is_missing(digits: Path) -> None:
    path = digits / "t10k-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(DataError, match="announces 10 × 5 × 4 = 200 bytes and holds 193"):
        IdxFolder(digits).read("test", OPTIONS)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "begins with nothing"),
        (b"\x89PNG....", "begins with 89 50 4e 47"),
        (b"\0\0\x0d\1\0\0\0\0", "type 8.*has type 13"),
        (b"\0\0\x08\3\0\0", "truncated within its header"),
    ],
)
def test_another_format_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_idx(path)


def test_what_is_not_gzip_under_its_name_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(b"<html>not found</html>")
    with pytest.raises(DataError, match="truncated or damaged"):
        read_idx(path)


def test_damaged_gzip_content_is_refused(tmp_path: Path) -> None:
    content = bytearray(gzip.compress(bytes(range(256)) * 40))
    content[30] ^= 0xFF
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(content)
    with pytest.raises(DataError, match="truncated or damaged"):
        read_idx(path)


def test_pictures_and_labels_must_be_as_many(digits: Path, write_idx: WriteIdx) -> None:
    write_idx(digits / "t10k-labels-idx1-ubyte", np.zeros(9))
    with pytest.raises(DataError, match=r"has 10 pictures and .* has 9 labels"):
        IdxFolder(digits).read("test", OPTIONS)


def test_labels_alone_are_no_data_set(tmp_path: Path, write_idx: WriteIdx) -> None:
    write_idx(tmp_path / "train-labels-idx1-ubyte", np.zeros(9))
    with pytest.raises(DataError, match="none of images"):
        IdxFolder(tmp_path)
