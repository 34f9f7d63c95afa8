"""What stands behind `--data`, and the way to the right reader."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mmgen.data.hub import HubDataset
from mmgen.data.idx import IdxFolder
from mmgen.data.imagefolder import ImageFolder
from mmgen.data.npz import Npz
from mmgen.data.sources import open_source
from mmgen.errors import DataError

WritePicture = Callable[..., np.ndarray]


def test_a_folder_of_idx_files_is_known_beside_other_files(digits: Path) -> None:
    assert isinstance(open_source(digits), IdxFolder)
    assert isinstance(open_source(str(digits / "train-images-idx3-ubyte.gz")), IdxFolder)


def test_the_raw_folder_of_torchvision_is_found(digits: Path) -> None:
    target = digits.parent / "MNIST" / "raw"
    target.parent.mkdir()
    digits.rename(target)
    source = open_source(target.parent)
    assert isinstance(source, IdxFolder)
    assert source.name == "MNIST"


def test_one_archive_in_a_folder_is_the_data_set(
    tmp_path: Path, write_picture: WritePicture
) -> None:
    write_picture(tmp_path / "a.png")
    folder = tmp_path / "cats"
    folder.mkdir()
    with zipfile.ZipFile(folder / "cats-256.zip", "w") as archive:
        archive.write(tmp_path / "a.png", "train/a.png")
    source = open_source(folder)
    assert isinstance(source, ImageFolder)
    assert source.name == "cats-256"
    np.savez(folder / "more.npz", train=np.ones((1, 2, 2)))
    with pytest.raises(
        DataError, match=r"holds 2 archives.*name one: .*cats-256\.zip, .*more\.npz"
    ):
        open_source(folder)


def test_arrays_are_known_by_their_suffix(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", train=np.ones((1, 2, 2)))
    assert isinstance(open_source(tmp_path / "x.npz"), Npz)


def test_a_single_picture_is_no_data_set(tmp_path: Path, write_picture: WritePicture) -> None:
    write_picture(tmp_path / "a.png")
    with pytest.raises(DataError, match=r"a\.png, a single picture; name its folder"):
        open_source(tmp_path / "a.png")


def test_a_missing_path_suggests_a_neighbour(tmp_path: Path) -> None:
    (tmp_path / "mnist").mkdir()
    with pytest.raises(DataError, match=r"no folder or file .*mnits'; did you mean 'mnist'"):
        open_source(tmp_path / "mnits")


def test_a_mistyped_relative_path_is_no_hub_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data" / "mnist").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="did you mean 'mnist'"):
        open_source("data/mnits")
    assert isinstance(open_source("some-org/mnits"), HubDataset)


def test_an_empty_folder_has_no_pictures(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no pictures and no sounds; found no files"):
        open_source(tmp_path)
