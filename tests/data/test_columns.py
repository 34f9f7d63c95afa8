"""The classes that the labels of a column make up."""

from typing import Any

import pytest

from mmgen.data.columns import find_classes
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
