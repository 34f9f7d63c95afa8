"""Captions made of labels."""

from pathlib import Path

import numpy as np
import pytest
import torch

from mmgen.data import DataOptions, PictureData, load
from mmgen.data.wordings import caption, read_wordings
from mmgen.errors import DataError

GOOD = """
train = ["a picture of {a} {name}", "{name}"]
held_out = ["look, {a} {name}!"]

[names]
1 = ["owl", "bird of night"]
"""


def write(tmp_path: Path, content: str) -> str:
    path = tmp_path / "animals.toml"
    path.write_text(content, encoding="utf-8")
    return str(path)


def pictures(split: str = "train") -> PictureData:
    return PictureData(
        images=torch.zeros(4, 1, 2, 2, dtype=torch.uint8),
        labels=torch.tensor([0, 1, 1, 0]),
        class_names=("cat", "1"),
        split=split,
    )


def test_captions_name_the_class_in_any_of_its_wordings(tmp_path: Path) -> None:
    data = caption(pictures(), write(tmp_path, GOOD))
    texts = [data.batch(torch.tensor([0, 1]), draws=np.full(2, draw, np.uint64))["text"]
             for draw in range(4)]  # fmt: skip
    assert {cat for cat, _ in texts} == {"a picture of a cat", "cat"}
    owls = {"a picture of an owl", "a picture of a bird of night", "owl", "bird of night"}
    assert {owl for _, owl in texts} == owls


@pytest.mark.parametrize("split", ["valid", "test"])
def test_other_splits_have_wordings_of_their_own(tmp_path: Path, split: str) -> None:
    data = caption(pictures(split), write(tmp_path, GOOD))
    assert list(data.texts or ()) == [
        "look, a cat!",
        "look, an owl!",
        "look, a bird of night!",
        "look, a cat!",
    ]


def test_the_wordings_of_digits_are_varied_and_never_the_same_in_two_splits() -> None:
    wordings = read_wordings("digits")
    seen, unseen = (
        [text for digit in "0123456789" for text in wordings.of_class(digit, split)]
        for split in ("train", "test")
    )
    assert len(set(seen)) == len(seen) > 1500
    assert len(set(unseen)) == len(unseen) > 300
    assert not set(seen).intersection(unseen)
    assert {"an eight", "an 8", "a one", "a 7", "the digit zero"} <= set(seen)


def test_captions_are_an_option_of_any_labelled_set(digits: Path) -> None:
    options = DataOptions(captions="digits")
    train, test = (load(digits, split, options) for split in ("train", "test"))
    assert train.columns == ("label", "text")
    assert test.texts is not None
    assert "wordings (digits)" in train.notes[-1]
    assert all(name in ("7", "seven") or "7" in name or "seven" in name
               for row, name in enumerate(test.texts) if test.labels[row] == 7)  # fmt: skip
    assert train.fingerprint != load(digits, "train").fingerprint


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("train = [", "cannot be read as wordings"),
        ('train = ["{name}"]', "held_out is a list of templates, one at least"),
        ('train = []\nheld_out = ["{name}"]', "train is a list of templates"),
        ('train = "{name}"\nheld_out = ["{name}"]', "train is a list of templates"),
        ('train = ["a cat"]\nheld_out = ["{name}"]', "a template has {name}"),
        ('train = ["{name} {size}"]\nheld_out = ["{name}"]', "a template has {name}"),
        ('train = ["{name"]\nheld_out = ["{name}"]', "expected '}'"),
        ('train = ["{name}"]\nheld_out = ["{name}"]', "is in train and in held_out"),
        (GOOD.replace("[names]", "[words]"), "wordings have train, held_out, names; got 'words'"),
        (GOOD.replace('["owl", "bird of night"]', '"owl"'), "a list of names for each class"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        caption(pictures(), write(tmp_path, content))


def test_a_file_must_be_there() -> None:
    with pytest.raises(DataError, match=r"'digit'; did you mean 'digits'"):
        caption(pictures(), "digit")


def test_captions_need_labels() -> None:
    bare = PictureData(images=torch.zeros(4, 1, 2, 2, dtype=torch.uint8))
    with pytest.raises(DataError, match="captions are made of labels; data has none"):
        caption(bare, "digits")
