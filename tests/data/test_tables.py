"""Parquet files, saved data sets and Hub names: tables with a column of pictures."""

import json
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from PIL import Image

from mmgen.data import available_splits, load
from mmgen.data.options import DataOptions
from mmgen.errors import DataError, NotInstalledError

WHOLE = DataOptions(held_out=0)
datasets = pytest.importorskip("datasets")


def png(level: int) -> bytes:
    buffer = BytesIO()
    Image.new("L", (3, 2), level).save(buffer, "PNG")
    return buffer.getvalue()


def write(path: Path, *, count: int = 3, classes: list[str] | None = None, **columns: Any) -> None:
    """Write a table whose pictures have the levels 0, 1, 2, …"""
    pictures = [{"bytes": png(level), "path": f"{level}.png"} for level in range(count)]
    table = pyarrow.table({"image": pictures, **columns})
    if classes is not None:
        features = {"label": {"_type": "ClassLabel", "names": classes}}
        described = json.dumps({"info": {"features": features}})
        table = table.replace_schema_metadata({"huggingface": described})
    path.parent.mkdir(parents=True, exist_ok=True)
    pyarrow.parquet.write_table(table, path, row_group_size=2)


def levels(data: Any) -> list[int]:
    return data.images[:, 0, 0, 0].tolist()


def test_splits_are_told_by_file_names_and_parts_follow_each_other(tmp_path: Path) -> None:
    write(tmp_path / "data/test-00000-of-00001.parquet", count=1)
    write(tmp_path / "data/train-00000-of-00002.parquet", count=3)
    write(tmp_path / "data/train-00001-of-00002.parquet", count=2)
    assert available_splits(tmp_path) == ("train", "test")
    data = load(tmp_path, "train", WHOLE)
    assert data.images.shape == (5, 1, 2, 3)
    assert levels(data) == [0, 1, 2, 0, 1]


def test_a_single_file_is_train(tmp_path: Path) -> None:
    write(tmp_path / "pictures.parquet", text=["a", None, "c"])
    data = load(tmp_path / "pictures.parquet", "train", WHOLE)
    assert data.texts == ["a", "", "c"]
    assert data.labels is None


def test_captions_may_come_from_several_columns(tmp_path: Path) -> None:
    words = [["pet", "fur"], [], ["bird"]]
    write(tmp_path / "train.parquet", text=["a cat", "a cow", "a hen"], words=words)
    texts = load(tmp_path, "train", WHOLE.replace(text_column=("text", "words"))).texts
    assert list(texts) == ["a cat", "a cow", "a hen"]
    assert set(texts.values) == {"a cat", "pet", "fur", "a cow", "a hen", "bird"}
    with pytest.raises(DataError, match=r"no column 'word' \(text_column\); did you mean 'words'"):
        load(tmp_path, "train", WHOLE.replace(text_column="text,word"))


def test_classes_are_named_by_the_description_in_the_file(tmp_path: Path) -> None:
    write(tmp_path / "train.parquet", label=[1, 0, 1], classes=["cat", "dog", "hen"])
    data = load(tmp_path, "train", WHOLE)
    assert data.class_names == ("cat", "dog", "hen")
    assert data.labels.tolist() == [1, 0, 1]


def test_classes_without_names_are_those_of_all_splits(tmp_path: Path) -> None:
    write(tmp_path / "train.parquet", label=["b", "a", "b"])
    write(tmp_path / "test.parquet", label=["c", "c", "c"])
    data = load(tmp_path, "test", WHOLE)
    assert data.class_names == ("a", "b", "c")
    assert data.labels.tolist() == [2, 2, 2]


def test_the_column_of_pictures_is_found_by_type_or_chosen(tmp_path: Path) -> None:
    write(tmp_path / "train.parquet", mask=[png(9), png(8), png(7)], note=["x", "y", "z"])
    assert levels(load(tmp_path, "train", WHOLE)) == [0, 1, 2]
    assert levels(load(tmp_path, "train", WHOLE.replace(image_column="mask"))) == [9, 8, 7]
    with pytest.raises(DataError, match=r"pictures 'note' .*columns of pictures: image, mask"):
        load(tmp_path, "train", WHOLE.replace(image_column="note"))


def test_a_table_without_pictures_names_its_columns(tmp_path: Path) -> None:
    pyarrow.parquet.write_table(pyarrow.table({"a": [1]}), tmp_path / "train.parquet")
    with pytest.raises(DataError, match=r"columns of pictures: none; all columns: a"):
        load(tmp_path)


def test_broken_and_empty_cells_are_left_out_and_named(tmp_path: Path) -> None:
    cells = [{"bytes": png(0), "path": None}, {"bytes": b"?", "path": "b.png"}, None]
    kind = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
    table = pyarrow.table({"image": pyarrow.array(cells, kind), "label": [0, 1, 0]})
    pyarrow.parquet.write_table(table, tmp_path / "train.parquet")
    data = load(tmp_path, "train", WHOLE)
    assert levels(data) == [0]
    assert data.labels.tolist() == [0]
    assert [str(problem) for problem in data.problems] == [
        "row 2 (b.png): no picture format that Pillow knows",
        "row 3: the cell is empty",
    ]


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "train.parquet").write_bytes(b"PAR1 nothing PAR1")
    with pytest.raises(DataError, match=r"train\.parquet cannot be read as parquet"):
        load(tmp_path)


def test_files_beyond_the_limit_are_mapped_from_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    write(tmp_path / "set" / "train.parquet", label=[1, 0, 1], note=["x", "y", "z"])
    data = load(tmp_path / "set", "train", WHOLE.replace(in_memory_limit_mb=0))
    assert list((tmp_path / "cache").iterdir())
    assert not data.in_memory
    assert data.images[data.labels.new_tensor([2, 0])][:, 0, 0, 0].tolist() == [2, 0]
    assert data.labels.tolist() == [1, 0, 1]


def _features(names: list[str]) -> Any:
    return datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=names)})


def _dataset() -> Any:
    pictures = [Image.fromarray(np.full((2, 3), level, np.uint8)) for level in range(4)]
    columns = {"image": pictures, "label": [0, 1, 0, 1]}
    return datasets.Dataset.from_dict(columns, features=_features(["cat", "dog"]))


def test_a_saved_data_set_is_read_in_the_order_of_its_rows(tmp_path: Path) -> None:
    picked = _dataset().select([3, 0])
    datasets.DatasetDict({"test": picked, "train": _dataset()}).save_to_disk(str(tmp_path / "set"))
    assert available_splits(tmp_path / "set") == ("train", "test")
    data = load(tmp_path / "set", "test", WHOLE)
    assert levels(data) == [3, 0]
    assert data.labels.tolist() == [1, 0]
    assert data.class_names == ("cat", "dog")


def test_a_hub_name_is_asked_for_with_its_configuration_and_revision(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def load_dataset(path: str, config: str, *, split: str, revision: str) -> Any:
        asked.append((path, config, split, revision))
        return _dataset().select([0, 2, 1, 3])

    monkeypatch.setattr(datasets, "get_dataset_split_names", lambda *a, **k: ["test", "train"])
    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    data = load("some-org/pets:small@v1", "train", WHOLE)
    assert asked == [("some-org/pets", "small", "train", "v1")]
    assert data.labels.tolist() == [0, 0, 1, 1]
    assert levels(data) == [0, 2, 1, 3]
    assert data.name == "some-org/pets:small@v1"


def test_what_the_hub_refuses_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise ConnectionError("no route to host\nand a long story")

    monkeypatch.setattr(datasets, "get_dataset_split_names", refuse)
    with pytest.raises(DataError, match=r"'some-org/pets' cannot be had from the Hub") as error:
        load("some-org/pets")
    assert "long story" not in str(error.value)


@pytest.mark.parametrize("source", ["some-org/pets", "train.parquet"])
def test_a_missing_library_names_the_command(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "train.parquet")
    monkeypatch.chdir(tmp_path)
    for module in ("datasets", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(NotInstalledError, match=r"pip install 'mmgen-core\[train\]'"):
        load(source)
