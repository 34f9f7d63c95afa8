"""Pictures that are kept apart by their captions."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mmgen.data import DataOptions, load
from mmgen.errors import DataError


@pytest.fixture
def animals(tmp_path: Path, write_picture: Callable[..., np.ndarray]) -> Path:
    rows = []
    for split, names in (("train", ["cat", "dog", "owl", "fox"]), ("test", ["dog", "hen"])):
        for name in names:
            write_picture(tmp_path / f"animals/{split}/{name}.png")
            rows.append({"file_name": f"{split}/{name}.png", "text": f"a {name}"})
    (tmp_path / "animals/metadata.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return tmp_path / "animals"


def options(tmp_path: Path, content: str) -> DataOptions:
    path = tmp_path / "withheld.txt"
    path.write_text(content, encoding="utf-8")
    return DataOptions(withheld=str(path), held_out=0.5)


def test_withheld_pictures_are_in_a_split_of_their_own(tmp_path: Path, animals: Path) -> None:
    asked = options(tmp_path, "# not to be learned\na dog\n\na fox\n")
    withheld = load(animals, "withheld", asked)
    assert sorted(withheld.texts or ()) == ["a dog", "a fox"]
    assert withheld.split == "withheld"
    learned = [*(load(animals, "train", asked).texts or ())]
    held_out = [*(load(animals, "valid", asked).texts or ())]
    assert sorted(learned + held_out) == ["a cat", "a owl"]


def test_other_splits_are_left_alone(tmp_path: Path, animals: Path) -> None:
    test = load(animals, "test", options(tmp_path, "a dog\n"))
    assert sorted(test.texts or ()) == ["a dog", "a hen"]


def test_without_a_list_there_is_no_such_split(animals: Path) -> None:
    with pytest.raises(DataError, match="no split 'withheld'"):
        load(animals, "withheld")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("a dogg\n", r"no picture of animals has the caption 'a dogg'; did you mean 'a dog'"),
        ("\n# nothing\n", "names no caption"),
    ],
)
def test_a_list_that_cannot_be_meant_is_refused(
    tmp_path: Path, animals: Path, content: str, words: str
) -> None:
    with pytest.raises(DataError, match=words):
        load(animals, "train", options(tmp_path, content))


def test_the_list_must_be_there_and_the_captions_too(tmp_path: Path, animals: Path) -> None:
    with pytest.raises(DataError, match="cannot be read as a list of captions"):
        load(animals, "train", DataOptions(withheld=str(tmp_path / "nothing.txt")))
    (animals / "metadata.jsonl").unlink()
    with pytest.raises(DataError, match="by their captions; animals has none"):
        load(animals, "train", options(tmp_path, "a dog\n"))
