"""What a check finds before one trains."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mmgen.data import DataOptions, check
from mmgen.errors import InputError

WritePicture = Callable[..., np.ndarray]


def test_a_tidy_set_is_counted_and_sound(digits: Path) -> None:
    report = check(digits)
    train, test = report.splits
    assert report.sound
    assert (train.name, train.num_pictures, test.num_pictures) == ("train", 40, 10)
    assert train.sizes == {(5, 4): 40}
    assert train.channels == {1: 40}
    assert train.labels == {str(digit): 4 for digit in range(10)}
    assert train.captions is None
    assert "train: 40 pictures, 4×5 px, grey" in report.to_text()


@pytest.mark.parametrize("name", ["captions", "sounds"])
def test_what_is_chosen_while_loading_is_no_part_of_a_check(digits: Path, name: str) -> None:
    with pytest.raises(InputError, match=f"looks at what is stored; data.{name} .* leave it out"):
        check(digits, DataOptions(**{name: "elsewhere"}))


@pytest.fixture
def untidy(tmp_path: Path, write_picture: WritePicture) -> Path:
    """Two sizes, two kinds of channels, duplicates, a leak, a broken file, poor captions."""
    folder = tmp_path / "untidy"
    for number in range(12):
        write_picture(folder / "train" / "a" / f"{number:02}.png", seed=number)
    write_picture(folder / "train" / "a" / "copy.png", seed=3)
    write_picture(folder / "train" / "b" / "wide.png", size=(20, 6), mode="L")
    write_picture(folder / "test" / "a" / "leak.png", seed=5)
    write_picture(folder / "test" / "a" / "own.png", seed=100)
    write_picture(folder / "test" / "b" / "own.png", seed=101)
    (folder / "train" / "b" / "broken.png").write_bytes(b"")
    rows = [{"file_name": f"a/{number:02}.png", "text": "a toy"} for number in range(12)]
    (folder / "train" / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder


def test_everything_untidy_is_found(untidy: Path) -> None:
    report = check(untidy)
    train, _ = report.splits
    assert not report.sound
    assert train.num_pictures == 14
    assert train.sizes == {(6, 8): 13, (6, 20): 1}
    assert train.channels == {3: 13, 1: 1}
    assert train.labels == {"a": 13, "b": 2}
    assert train.duplicates == (("train/a/03.png", "train/a/copy.png"),)
    assert [str(problem) for problem in train.broken] == ["train/b/broken.png: the file is empty"]
    (leak,) = report.leaks
    assert leak.splits == ("train", "test")
    assert leak.pairs == (("train/a/05.png", "test/a/leak.png"),)
    captions = train.captions
    assert captions is not None
    assert (captions.num_captions, captions.num_empty, captions.longest) == (15, 3, 2)


def test_advice_says_what_to_set(untidy: Path) -> None:
    advice = "\n".join(check(untidy).advice)
    for words in (
        "set size=6",
        "set channels=3",
        "broken pictures: 1",
        "pictures of test that are in train too: 1",
        "held_out=0.05",
        "duplicates in train: 1",
        "3 of 15 captions of train are empty",
    ):
        assert words in advice


def test_options_that_are_set_need_no_advice(untidy: Path) -> None:
    advice = "\n".join(check(untidy, DataOptions(size=6, channels=3, held_out=0)).advice)
    assert "set size" not in advice
    assert "set channels" not in advice
    assert "held out" not in advice


def test_the_report_is_json_and_words(untidy: Path) -> None:
    report = check(untidy)
    data = json.loads(json.dumps(report.to_dict()))
    assert data["sound"] is False
    assert data["splits"][0]["broken"][0]["name"] == "train/b/broken.png"
    assert data["splits"][0]["sizes"][0] == {"height": 6, "width": 8, "count": 13}
    text = report.to_text()
    assert "train/a/03.png = train/a/copy.png" in text
    assert "train and test share: 1: train/a/05.png = test/a/leak.png" in text


def test_pictures_count_as_equal_by_their_pixels_whatever_the_file(
    tmp_path: Path, write_picture: WritePicture
) -> None:
    for name in ("a.png", "b.bmp"):
        write_picture(tmp_path / name, seed=0)
    write_picture(tmp_path / "c.png", seed=0, size=(6, 8))
    assert check(tmp_path).splits[0].duplicates == (("a.png", "b.bmp"),)


def test_arrays_are_named_by_row(tmp_path: Path) -> None:
    pixels = np.arange(48, dtype=np.uint8).reshape(3, 4, 4)
    np.savez(tmp_path / "x.npz", train=pixels[[0, 1, 0]], test=pixels[[1, 2]])
    report = check(tmp_path / "x.npz")
    assert report.splits[0].duplicates == (("row 1", "row 3"),)
    assert report.leaks[0].pairs == (("row 2", "row 1"),)


def test_a_set_of_broken_pictures_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"x")
    report = check(tmp_path)
    assert report.num_broken == 1
    assert "train: 0 pictures, none sound" in report.to_text()


def test_progress_is_told(digits: Path) -> None:
    heard: list[tuple[int, int]] = []
    check(digits, progress=lambda done, total: heard.append((done, total)))
    assert heard == [(40, 40), (10, 10)]
