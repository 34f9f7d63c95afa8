"""Folders and archives of picture files: splits, classes, metadata, captions."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mmgen.data.choices import every_value
from mmgen.data.filetree import Directory, ZipArchive
from mmgen.data.imagefolder import ImageFolder
from mmgen.data.options import DataOptions
from mmgen.data.records import Records
from mmgen.errors import DataError

OPTIONS = DataOptions()


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (2, 2)).save(folder / name)


def write_metadata(folder: Path, *rows: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")


def names(records: Records) -> list[str]:
    return [records.pictures.name(row) for row in range(len(records))]


def open_folder(path: Path) -> ImageFolder:
    return ImageFolder(Directory(path))


def test_loose_pictures_are_train_without_labels(tmp_path: Path) -> None:
    touch(tmp_path, "b.png", "a.jpg", "notes.png.txt.png")
    (tmp_path / "README.md").write_text("x")
    folder = open_folder(tmp_path)
    records = folder.read("train", OPTIONS)
    assert folder.splits == ("train",)
    assert names(records) == ["a.jpg", "b.png", "notes.png.txt.png"]
    assert records.labels is None
    assert records.texts is None


def test_sub_folders_are_classes(tmp_path: Path) -> None:
    touch(tmp_path, "rose/1.png", "daisy/1.png", "rose/2.png")
    records = open_folder(tmp_path).read("train", OPTIONS)
    assert records.class_names == ("daisy", "rose")
    assert records.labels.tolist() == [0, 1, 1]


def test_class_folders_that_are_numbers_are_sorted_as_numbers(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{number}/1.png" for number in (0, 1, 2, 10)))
    assert open_folder(tmp_path).read("train", OPTIONS).class_names == ("0", "1", "2", "10")


def test_split_folders_come_in_order_and_share_their_classes(tmp_path: Path) -> None:
    touch(tmp_path, "test/b/1.png", "train/a/1.png", "val/c/1.png")
    folder = open_folder(tmp_path)
    assert folder.splits == ("train", "val", "test")
    test = folder.read("test", OPTIONS)
    assert test.class_names == ("a", "b", "c")
    assert test.labels.tolist() == [1]


def test_one_folder_around_everything_is_looked_through(tmp_path: Path) -> None:
    touch(tmp_path, "flowers/train/a/1.png", "flowers/test/b/1.png")
    assert open_folder(tmp_path).splits == ("train", "test")


def test_one_class_folder_makes_no_labels(tmp_path: Path) -> None:
    touch(tmp_path, "pictures/1.png", "pictures/2.png")
    assert open_folder(tmp_path).read("train", OPTIONS).labels is None


def test_pictures_outside_the_splits_are_noted(tmp_path: Path) -> None:
    touch(tmp_path, "train/1.png", "other/1.png", "loose.png")
    records = open_folder(tmp_path).read("train", OPTIONS)
    assert len(records) == 1
    assert records.notes == ("2 pictures lie outside the splits train and are not used",)


def test_hidden_files_are_no_pictures(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", ".cache/b.png")
    (tmp_path / "._a.png").write_bytes(b"resource fork")
    assert names(open_folder(tmp_path).read("train", OPTIONS)) == ["a.png"]


def test_a_link_that_leads_back_up_ends(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.png")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    assert len(open_folder(tmp_path).read("train", OPTIONS)) == 1


def test_metadata_gives_labels_and_captions_by_file(tmp_path: Path) -> None:
    touch(tmp_path, "train/a.png", "train/b.png")
    write_metadata(
        tmp_path / "train",
        {"file_name": "b.png", "text": "second", "label": 1},
        {"file_name": "a.png", "text": "first", "label": 0},
    )
    records = open_folder(tmp_path).read("train", OPTIONS)
    assert records.texts == ["first", "second"]
    assert records.labels.tolist() == [0, 1]
    assert records.class_names == ("0", "1")


def test_numbered_labels_are_named_after_their_folders(tmp_path: Path) -> None:
    touch(tmp_path, "lily/a.png", "daisy/b.png")
    write_metadata(
        tmp_path, {"file_name": "lily/a.png", "label": 0}, {"file_name": "daisy/b.png", "label": 1}
    )
    records = open_folder(tmp_path).read("train", OPTIONS)
    assert records.class_names == ("lily", "daisy")
    assert records.labels.tolist() == [1, 0]  # daisy/b.png comes first


def test_other_columns_can_be_chosen(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", "b.png")
    write_metadata(
        tmp_path,
        {"file_name": "a.png", "kind": "tulip", "prompt": "x"},
        {"file_name": "b.png", "kind": "daisy", "prompt": "y"},
    )
    options = DataOptions(label_column="kind", text_column="prompt")
    records = open_folder(tmp_path).read("train", options)
    assert records.class_names == ("daisy", "tulip")
    assert records.texts == ["x", "y"]
    with pytest.raises(
        DataError, match=r"no column 'promt' \(text_column\); did you mean 'prompt'"
    ):
        open_folder(tmp_path).read("train", DataOptions(text_column="promt"))


def test_several_captions_are_kept_the_first_before_others_and_missing_ones_are_empty(
    tmp_path: Path,
) -> None:
    touch(tmp_path, "a.png", "b.png", "c.png")
    write_metadata(
        tmp_path,
        {"file_name": "a.png", "captions": ["one", "two"]},
        {"file_name": "b.png", "captions": []},
    )
    texts = open_folder(tmp_path).read("train", OPTIONS).texts
    assert list(texts) == ["one", "", ""]
    assert every_value(texts) == ["one", "two", "", ""]


def test_metadata_csv_is_read(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", "b.png")
    (tmp_path / "metadata.csv").write_text('file_name,text,label\na.png,"x, y",1\nb.png,,0\n')
    records = open_folder(tmp_path).read("train", OPTIONS)
    assert records.texts == ["x, y", ""]
    assert records.labels.tolist() == [1, 0]


def test_text_files_beside_pictures_are_captions(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", "b.png")
    (tmp_path / "a.txt").write_text("a cat\n")
    assert open_folder(tmp_path).read("train", OPTIONS).texts == ["a cat", ""]


def test_files_that_metadata_names_and_are_not_there_are_problems(tmp_path: Path) -> None:
    touch(tmp_path, "train/a.png", "test/a.png")
    write_metadata(tmp_path / "train", {"file_name": "a.png"}, {"file_name": "gone.png"})
    folder = open_folder(tmp_path)
    (problem,) = folder.read("train", OPTIONS).problems
    assert str(problem) == (
        "train/gone.png: train/metadata.jsonl, line 2 names it, but there is no such file"
    )
    assert folder.read("test", OPTIONS).problems == ()


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1.5], "whole numbers from 0 or names of classes; column 'label' has 1.5"),
        ([0, -1], "count classes from 0; column 'label' has -1"),
        ([0, [1]], "label"),
        ([0, "b"], "both 0 and 'b'"),
        ([0, None], "every picture needs a label; column 'label' has none in 1 of 2 rows.*row 2"),
        ([0, 10**12], "count classes from 0"),
    ],
)
def test_labels_that_are_none_are_refused(tmp_path: Path, labels: list[Any], message: str) -> None:
    touch(tmp_path, "a.png", "b.png")
    rows = zip(("a.png", "b.png"), labels, strict=True)
    write_metadata(tmp_path, *({"file_name": name, "label": label} for name, label in rows))
    with pytest.raises(DataError, match=message):
        open_folder(tmp_path).read("train", OPTIONS)


def test_whole_numbers_written_as_floats_are_labels(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", "b.png")
    write_metadata(
        tmp_path, {"file_name": "a.png", "label": 1.0}, {"file_name": "b.png", "label": 0}
    )
    assert open_folder(tmp_path).read("train", OPTIONS).labels.tolist() == [1, 0]


def test_captions_that_are_no_text_are_refused(tmp_path: Path) -> None:
    touch(tmp_path, "a.png")
    write_metadata(tmp_path, {"file_name": "a.png", "text": 7})
    with pytest.raises(DataError, match="captions are texts; column 'text' has 7 in row 1"):
        open_folder(tmp_path).read("train", OPTIONS)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"file_name": "a.png"', r"metadata.jsonl, line 2 is no JSON"),
        ('["a.png"]', r"JSON object.*line 2 is"),
        ('{"file": "a.png"}', r"as 'file_name'.*line 2 has file"),
    ],
)
def test_damaged_metadata_names_the_line(tmp_path: Path, line: str, message: str) -> None:
    touch(tmp_path, "a.png")
    (tmp_path / "metadata.jsonl").write_text('{"file_name": "a.png"}\n' + line + "\n")
    with pytest.raises(DataError, match=message):
        open_folder(tmp_path).read("train", OPTIONS)


def test_a_folder_without_pictures_says_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "a.xyz").write_bytes(b"x")
    with pytest.raises(DataError, match=r"no pictures and no sounds; found 1 × .xyz\. A data set"):
        open_folder(tmp_path)


def test_an_archive_reads_like_the_folder_that_was_packed(tmp_path: Path) -> None:
    root = tmp_path / "flowers"
    touch(root, "train/rose/1.png", "train/daisy/2.png", "test/rose/3.png")
    write_metadata(root / "train", {"file_name": "rose/1.png", "text": "a rose"})
    with zipfile.ZipFile(tmp_path / "flowers.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("__MACOSX/train/._1.png", b"x")
        for path in root.rglob("*"):
            archive.write(path, path.relative_to(root))
    folder, packed = open_folder(root), ImageFolder(ZipArchive(tmp_path / "flowers.zip"))
    assert packed.splits == folder.splits
    assert packed.name == "flowers"
    for split in folder.splits:
        expected, got = folder.read(split, OPTIONS), packed.read(split, OPTIONS)
        assert names(got) == names(expected)
        assert got.labels.tolist() == expected.labels.tolist()
        assert got.texts == expected.texts
        assert got.pictures.read(0) == expected.pictures.read(0)


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK\3\4 nothing")
    with pytest.raises(DataError, match=r"x\.zip cannot be read as a zip archive"):
        ZipArchive(tmp_path / "x.zip")
