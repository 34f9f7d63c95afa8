"""Columns of labels and of captions."""

from typing import Any

import pytest

from mmgen.data.choices import Choices
from mmgen.data.columns import find_classes, to_texts
from mmgen.errors import DataError


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ([2, 0, 2, None], ("0", "1", "2")),
        ([1.0, 0], ("0", "1")),
        (["hen", "cat", None, "hen"], ("cat", "hen")),
        (["10", "9", "1"], ("1", "9", "10")),
        ([None], ()),
    ],
)
def test_numbers_count_classes_and_names_are_sorted(labels: list[Any], classes: tuple[str]) -> None:
    assert find_classes(labels, column="label") == classes


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([1, "cat"], "all whole numbers or all names"),
        ([-1], "count classes from 0"),
        ([0.5], "labels are whole numbers"),
        ([[1]], "labels are whole numbers"),
    ],
)
def test_what_is_no_label_is_refused(labels: list[Any], words: str) -> None:
    with pytest.raises(DataError, match=rf"{words}.*; choose another with label_column"):
        find_classes(labels, column="kind")


def options_of(texts: Any) -> list[list[str]]:
    """Return what may be drawn for each row."""
    assert isinstance(texts, Choices)
    parts = zip(texts.starts[texts.groups], texts.starts[texts.groups + 1], strict=True)
    return [[texts.values[place] for place in texts.members[a:b]] for a, b in parts]


def test_one_caption_a_row_is_a_list() -> None:
    assert to_texts({"text": ["a cat", None, ["a hen"], []]}) == ["a cat", "", "a hen", ""]


def test_columns_are_drawn_from_evenly_and_the_first_has_the_name() -> None:
    texts = to_texts(
        {
            "text": ["a cat", "a hen", None, "", "a cow"],
            "keywords": [["pet", "fur", "paw"], "bird", ["soup", "hot"], [], None],
        }
    )
    assert options_of(texts) == [
        ["a cat"] * 3 + ["pet", "fur", "paw"],
        ["a hen", "bird"],
        ["soup", "hot"],
        [""],
        ["a cow"],
    ]
    assert list(texts) == ["a cat", "a hen", "soup", "", "a cow"]


def test_what_is_no_caption_is_refused_by_its_column() -> None:
    with pytest.raises(DataError, match=r"column 'keywords' has 7 in row 2; .* text_column"):
        to_texts({"text": ["a", "b"], "keywords": ["x", ["y", 7]]})
