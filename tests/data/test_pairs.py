"""Pictures that are to be made from others: both are read, and stay together."""

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from mmgen.data import DataOptions, PictureData, load
from mmgen.errors import DataError

COUNT = 6


def shade(value: int, side: int = 4) -> Image.Image:
    return Image.new("L", (side, side), value)


def encoded(picture: Image.Image) -> dict[str, Any]:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return {"bytes": file.getvalue(), "path": None}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Bright pictures, each to be made from a dark one of a tenth of its brightness."""
    root = tmp_path / "pairs"
    for place in ("wanted", "given"):
        (root / "train" / place).mkdir(parents=True)
    rows = []
    for index in range(COUNT):
        shade(10 * index + 100).save(root / "train" / "wanted" / f"{index}.png")
        shade(index + 10).save(root / "train" / "given" / f"x{index}.png")
        row = {"file_name": f"wanted/{index}.png", "input_file_name": f"given/x{index}.png"}
        rows.append(row | {"label": index % 2})
    (root / "train" / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return root


def demand_pairs(data: PictureData, count: int = COUNT) -> None:
    assert len(data) == count
    batch = data.batch(torch.arange(count))
    wanted, given = batch["target"] * 255, batch["image"] * 255
    assert torch.allclose(wanted, (given - 10) * 10 + 100, atol=1e-2)


@pytest.mark.parametrize("limit", [4096, 0])
def test_a_folder_of_pairs(folder: Path, limit: int) -> None:
    options = DataOptions(held_out=0.0, in_memory_limit_mb=limit)
    data = load(folder, "train", options)
    assert data.columns == ("label", "image")
    assert data.class_names == ("0", "1")  # and not the folders of what goes in and comes out
    demand_pairs(data)
    demand_pairs(data.select(torch.tensor([4, 1])), 2)
    train, held_out = data.split_off(2)
    demand_pairs(train, 4)
    demand_pairs(held_out, 2)


@pytest.mark.parametrize("limit", [4096, 0])
def test_an_encoder_is_shown_what_goes_in_and_otherwise_the_pictures(
    folder: Path, limit: int
) -> None:
    data = load(folder, "train", DataOptions(held_out=0.0, in_memory_limit_mb=limit))
    rows = torch.tensor([3, 0, 2])
    batch = data.batch(rows, columns=["reference", "image"])
    assert torch.equal(batch["reference"], batch["image"])
    assert "reference" not in data.columns
    alone = replace(data, given=None, has_references=True)
    assert alone.columns == ("label", "reference")
    batch = alone.select(torch.tensor([5, 3, 0])).batch(torch.tensor([0, 2]))
    assert torch.equal(batch["reference"], batch["target"])
    assert torch.equal(alone.values("reference", rows), alone.batch(rows)["target"])


def test_pairs_are_scaled_together(folder: Path) -> None:
    data = load(folder, "train", DataOptions(size=8, channels=3, held_out=0.0))
    assert data.images.shape[1:] == (3, 8, 8)
    assert data.given is not None
    assert data.given.shape[1:] == (3, 8, 8)
    demand_pairs(data)


@pytest.mark.parametrize("broken", ["wanted/2.png", "given/x2.png"])
def test_what_lost_its_partner_is_left_out(folder: Path, broken: str) -> None:
    (folder / "train" / broken).write_bytes(b"no picture")
    data = load(folder, "train", DataOptions(held_out=0.0))
    demand_pairs(data, COUNT - 1)
    assert [problem.name for problem in data.problems] == [f"train/{broken}"]
    with pytest.raises(DataError, match=broken):
        load(folder, "train", DataOptions(held_out=0.0, on_broken="stop"))


def test_a_picture_without_partner_is_refused(folder: Path) -> None:
    shade(3).save(folder / "train" / "wanted" / "alone.png")
    path = folder / "train" / "metadata.jsonl"
    path.write_text(path.read_text().replace('"label"', '"weather"'))
    with pytest.raises(DataError, match=r"every picture needs one.*alone\.png.*1 of 7"):
        load(folder, "train", DataOptions(held_out=0.0))


def test_the_column_can_be_named(folder: Path) -> None:
    path = folder / "train" / "metadata.jsonl"
    path.write_text(path.read_text().replace("input_file_name", "night_file_name"))
    demand_pairs(load(folder, "train", DataOptions(given_column="night", held_out=0.0)))
    with pytest.raises(DataError, match=r"no column 'nigth' \(given_column\).*night"):
        load(folder, "train", DataOptions(given_column="nigth"))


def test_arrays_of_pairs(tmp_path: Path) -> None:
    levels = np.arange(COUNT, dtype=np.uint8)[:, None, None] * np.ones((4, 4), np.uint8)
    path = tmp_path / "pairs.npz"
    np.savez(path, train_images=10 * levels + 100, train_inputs=levels + 10)
    demand_pairs(load(path, "train", DataOptions(held_out=0.0)))
    np.savez(path, train_images=10 * levels, train_inputs=levels[1:])
    with pytest.raises(DataError, match="has 6 rows and 'train_inputs' has 5"):
        load(path, "train")


def test_a_table_of_pairs(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    wanted = [encoded(shade(10 * index + 100)) for index in range(COUNT)]
    given = [encoded(shade(index + 10)) for index in range(COUNT)]
    path = tmp_path / "pairs.parquet"
    parquet.write_table(pyarrow.table({"input": given, "output": wanted}), path)
    demand_pairs(load(path, "train", DataOptions(held_out=0.0)))


def test_pairs_have_a_fingerprint_of_their_own(folder: Path) -> None:
    whole = load(folder, "train", DataOptions(held_out=0.0))
    shade(99).save(folder / "train" / "given" / "x0.png")
    other = load(folder, "train", DataOptions(held_out=0.0))
    assert torch.equal(whole.images[:], other.images[:])
    assert whole.fingerprint != other.fingerprint


def test_as_many_go_in_as_come_out() -> None:
    pictures = torch.zeros(3, 1, 2, 2, dtype=torch.uint8)
    with pytest.raises(DataError, match="3 pictures and 2 given pictures"):
        PictureData(images=pictures, given=pictures[:2])
