"""Columns of kinds of input that plugins bring."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import moods
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from mmgen.data import DataOptions, PictureData, load
from mmgen.data.stacking import stack_pictures
from mmgen.testing import temporary_plugin

ROWS = [{"mood": "Gay", "point": [0, 3]}, {"mood": "SAD", "point": [6, 6]},
        {"mood": "sad", "point": [3, 0]}]  # fmt: skip


@pytest.fixture(autouse=True)
def plugin() -> Iterator[None]:
    with temporary_plugin(moods, "moods"):
        yield


Write = Callable[[list[dict[str, Any]]], Path]


@pytest.fixture(params=["folder", "parquet"])
def write(request: pytest.FixtureRequest, tmp_path: Path, write_picture: Any) -> Write:
    """Write pictures of 6×6 with the columns of some rows."""

    def write_rows(rows: list[dict[str, Any]]) -> Path:
        folder = tmp_path / "pictures"
        names = [f"{number}.png" for number in range(len(rows))]
        for name in names:
            write_picture(folder / name, size=(6, 6))
        if request.param == "folder":
            lines = [json.dumps({"file_name": n} | row) for n, row in zip(names, rows, strict=True)]
            (folder / "metadata.jsonl").write_text("\n".join(lines))
            return folder
        cells = [{"bytes": (folder / name).read_bytes(), "path": name} for name in names]
        columns = {key: [row.get(key) for row in rows] for key in rows[0]}
        (tmp_path / "table").mkdir()
        pq.write_table(pa.table({"image": cells} | columns), tmp_path / "table/train-0.parquet")
        return tmp_path / "table"

    return write_rows


@pytest.fixture
def data(write: Write) -> PictureData:
    return load(write(ROWS), "train", DataOptions(held_out=0.0))


def test_they_are_read_as_they_are_for_a_generator(data: PictureData) -> None:
    assert data.columns == ("mood", "point")
    assert data.column("mood") == ["gay", "sad", "sad"]
    batch = data.batch(torch.tensor([2, 0]))
    assert batch["mood"] == ["sad", "gay"]
    assert torch.equal(batch["point"], torch.tensor([[0.5, 0.0], [0.0, 0.5]]))
    assert "point" not in data.batch(torch.tensor([1]), columns=["mood"])


def test_they_go_with_their_rows(data: PictureData) -> None:
    some = data.select(torch.tensor([1, 0]))
    both = some.joined_with(data.select(torch.tensor([2])))
    assert both.column("mood") == ["sad", "gay", "sad"]
    assert torch.equal(both.column("point"), data.column("point")[[1, 0, 2]])
    grey = data.select(torch.arange(3))
    labelled = PictureData(images=grey.images[:, :1], labels=torch.tensor([0, 1, 1]),
                           class_names=("a", "b"), others=grey.others)  # fmt: skip
    assert stack_pictures(labelled, 3, 2, seed=0).columns == ("label",)


def test_data_with_other_values_are_other_data(write: Write, data: PictureData) -> None:
    def changed(**others: Any) -> str:
        return PictureData(images=data.images, others={**data.others, **others}).fingerprint

    same = PictureData(images=data.images, others=dict(data.others)).fingerprint
    assert changed() == same
    assert len({same, changed(mood=["gay", "sad", "gay"]), changed(point=torch.ones(3, 2))}) == 3


@pytest.mark.parametrize(
    ("second", "words"),
    [
        ({"mood": 7}, "'mood' is a word; row 2 has 7"),
        ({}, "row 2 has none"),
        ({"mood": "odd"}, "its reader failed: ZeroDivisionError: "),
        ({"mood": "nothing"}, "its reader made 1 values of 2 rows"),
    ],
)
def test_a_column_that_is_of_another_kind_is_left_out_and_noted(
    tmp_path: Path, write_picture: Any, second: dict[str, Any], words: str
) -> None:
    rows = [{"file_name": "0.png", "mood": "gay"}, {"file_name": "1.png"} | second]
    for row in rows:
        write_picture(tmp_path / row["file_name"])
    (tmp_path / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)))
    data = load(tmp_path, "train", DataOptions(held_out=0.0))
    assert data.columns == ()
    assert any(f"column 'mood' is left out: {words}" in note for note in data.notes)


def test_a_column_that_is_read_as_something_else_is_that_alone(write: Write) -> None:
    data = load(write(ROWS), "train", DataOptions(held_out=0.0, text_column=("mood",)))
    assert data.columns == ("text", "point")
    assert data.column("text") == ["Gay", "SAD", "sad"]


def test_what_a_model_does_not_take_is_left_out(data: PictureData) -> None:
    assert data.with_others({"mood", "text"}).columns == ("mood",)
    assert data.with_others({"mood", "point"}) is data
    assert data.values("mood", torch.tensor([1])) == ["sad"]


def test_broken_pictures_take_theirs_with_them(write: Write, tmp_path: Path) -> None:
    source = write([{"mood": mood} for mood in "abcd"])
    if source.name != "pictures":
        pytest.skip("a file can be broken in a folder alone")
    (source / "1.png").write_bytes(b"no picture")
    data = load(source, "train", DataOptions(held_out=0.0))
    assert data.column("mood") == ["a", "c", "d"]


def test_kinds_of_mmgen_itself_and_pixels_are_read_otherwise(
    tmp_path: Path, write_picture: Any
) -> None:
    write_picture(tmp_path / "0.png")
    row = {"file_name": "0.png", "place": [1, 2], "audio": "no file", "text": "a picture"}
    (tmp_path / "metadata.jsonl").write_text(json.dumps(row))
    assert load(tmp_path, "train", DataOptions(held_out=0.0)).columns == ("text",)


def test_as_many_as_pictures() -> None:
    images = torch.from_numpy(np.zeros((2, 1, 2, 2), np.uint8))
    with pytest.raises(Exception, match="one of mood for every picture"):
        PictureData(images=images, others={"mood": ["gay"]})
