"""Arrays in .npz and .npy files."""

from pathlib import Path

import numpy as np
import pytest

from mmgen.data.npz import Npz
from mmgen.data.options import DataOptions
from mmgen.errors import DataError

OPTIONS = DataOptions()
RNG = np.random.default_rng(0)


def pixels(count: int) -> np.ndarray:
    return RNG.integers(0, 256, (count, 4, 4), dtype=np.uint8)


def save(path: Path, **arrays: np.ndarray) -> Npz:
    np.savez(path / "set.npz", **arrays)
    return Npz(path / "set.npz")


@pytest.mark.parametrize(
    ("names", "splits"),
    [
        (("train", "valid", "test"), ("train", "valid", "test")),
        (("train_images", "val_images"), ("train", "val")),
        (("x_train", "x_test"), ("train", "test")),
        (("images",), ("train",)),
        (("arr_0",), ("train",)),
    ],
)
def test_splits_are_known_by_usual_names(
    tmp_path: Path, names: tuple[str, ...], splits: tuple[str, ...]
) -> None:
    arrays = {name: pixels(2 + index) for index, name in enumerate(names)}
    source = save(tmp_path, **arrays)
    assert source.splits == splits
    for split, array in zip(splits, arrays.values(), strict=True):
        assert np.array_equal(source.read(split, OPTIONS).pictures.numpy(), array[:, None])


@pytest.mark.parametrize(
    ("images", "labels"),
    [("train_images", "train_labels"), ("x_train", "y_train"), ("images", "labels")],
)
def test_labels_belong_to_their_pictures(tmp_path: Path, images: str, labels: str) -> None:
    arrays = {images: pixels(3), labels: np.array([[2], [0], [2]])}
    records = save(tmp_path, **arrays).read("train", OPTIONS)
    assert records.labels.tolist() == [2, 0, 2]
    assert records.class_names == ("0", "1", "2")


def test_classes_may_be_named(tmp_path: Path) -> None:
    source = save(
        tmp_path, images=pixels(2), labels=np.array([1, 0]), class_names=np.array(["cat", "dog"])
    )
    assert source.read("train", OPTIONS).class_names == ("cat", "dog")


def test_labels_may_be_names(tmp_path: Path) -> None:
    records = save(tmp_path, images=pixels(2), labels=np.array(["dog", "cat"])).read(
        "train", OPTIONS
    )
    assert (records.class_names, records.labels.tolist()) == (("cat", "dog"), [1, 0])


def test_packed_rows_take_the_shape_of_the_options(tmp_path: Path) -> None:
    bits = RNG.integers(0, 2, (3, 784), dtype=np.uint8)
    source = save(tmp_path, train=np.packbits(bits, axis=1))
    with pytest.raises(DataError, match=r"'train' has rows of 98 values; set it, as image_shape=1"):
        source.read("train", OPTIONS)
    pictures = source.read("train", DataOptions(image_shape=(1, 28, 28))).pictures
    assert np.array_equal(pictures.numpy().reshape(3, 784), bits * 255)


def test_a_single_array_is_a_data_set(tmp_path: Path) -> None:
    np.save(tmp_path / "set.npy", pixels(5))
    assert len(Npz(tmp_path / "set.npy").read("train", OPTIONS)) == 5


class Trap:
    """Unpickling this would write a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    sprung = tmp_path / "sprung"
    source = save(tmp_path, images=np.array([Trap(sprung)], dtype=object))
    with pytest.raises(DataError, match="never unpickled"):
        source.read("train", OPTIONS)
    np.save(tmp_path / "one.npy", np.array([Trap(sprung)], dtype=object))
    with pytest.raises(DataError, match="cannot be read as numpy arrays"):
        Npz(tmp_path / "one.npy")
    assert not sprung.exists()


def test_a_pickle_under_the_name_of_an_archive_is_refused(tmp_path: Path) -> None:
    import pickle

    sprung = tmp_path / "sprung"
    (tmp_path / "x.npz").write_bytes(pickle.dumps(Trap(sprung)))
    with pytest.raises(DataError, match="cannot be read as numpy arrays"):
        Npz(tmp_path / "x.npz")
    assert not sprung.exists()


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    save(tmp_path, train=pixels(50))
    path = tmp_path / "set.npz"
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(DataError, match=r"set\.npz"):
        Npz(path).read("train", OPTIONS)


def test_damaged_content_is_refused(tmp_path: Path) -> None:
    save(tmp_path, train=pixels(50))
    path = tmp_path / "set.npz"
    content = bytearray(path.read_bytes())
    content[400] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(DataError, match="'train' cannot be read"):
        Npz(path).read("train", OPTIONS)


def test_arrays_without_pictures_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has no pictures.*its arrays: weights, bias"):
        save(tmp_path, weights=pixels(1), bias=pixels(1))


def test_pictures_and_labels_must_be_as_many(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="'images' has 3 rows and 'labels' has 2"):
        save(tmp_path, images=pixels(3), labels=np.array([0, 1])).read("train", OPTIONS)


def test_labels_of_many_columns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"one number or name a picture.*\(3, 2\)"):
        save(tmp_path, images=pixels(3), labels=np.zeros((3, 2))).read("train", OPTIONS)
