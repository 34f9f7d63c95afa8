"""Columns with several values for a row."""

import numpy as np

from mmgen.data.choices import Choices, every_value, join_columns, select_rows, take_values


def draws(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.uint64)


def of_classes() -> Choices:
    """Six rows of the groups 0, 1, 0, 0, 1, 0; group 0 has three values, group 1 has two."""
    groups = np.array([0, 1, 0, 0, 1, 0])
    return Choices.of_groups(["a", "x", "b", "y", "c"], np.array([0, 1, 0, 1, 0]), groups)


def test_rows_of_a_group_take_its_values_one_after_the_other() -> None:
    assert list(of_classes()) == ["a", "x", "b", "c", "y", "a"]
    assert of_classes()[3] == "c"
    assert len(of_classes()) == 6


def test_draws_choose_among_the_group_s_values() -> None:
    column = of_classes()
    assert column.take(np.array([0, 0, 0, 1, 1]), draws(0, 1, 5, 2, 3)) == ["a", "b", "c", "x", "y"]
    many = column.take(np.zeros(3000, np.int64), np.arange(3000, dtype=np.uint64))
    assert [many.count(value) for value in "abc"] == [1000, 1000, 1000]


def test_the_largest_draws_are_as_good_as_any() -> None:
    assert of_classes().take(np.array([0, 1]), draws(2**64 - 1, 2**64 - 1)) == ["a", "y"]


def test_rows_may_have_values_of_their_own() -> None:
    column = Choices.of_rows([["one", "uno"], ["two"], [""]])
    assert list(column) == ["one", "two", ""]
    assert column.take(np.array([0, 1, 2]), draws(1, 1, 1)) == ["uno", "two", ""]


def test_selected_rows_keep_what_they_had() -> None:
    column = of_classes().select(np.array([4, 3, 3]))
    assert list(column) == ["y", "c", "c"]
    assert column.take(np.array([0, 1]), draws(0, 0)) == ["x", "a"]


def test_columns_of_both_kinds_are_joined() -> None:
    joined = join_columns(of_classes(), ["p", "q"])
    assert list(joined) == [*of_classes(), "p", "q"]
    assert take_values(joined, [6, 7, 2], draws(3, 4, 1)) == ["p", "q", "b"]
    assert join_columns(["p"], ["q"]) == ["p", "q"]


def test_plain_columns_take_no_notice_of_draws() -> None:
    assert take_values(["p", "q"], [1, 0, 1], draws(5, 6, 7)) == ["q", "p", "q"]
    assert select_rows(["p", "q"], np.array([1])) == ["q"]
    assert every_value(["p", "q"]) == ["p", "q"]
    assert sorted(every_value(of_classes())) == ["a", "b", "c", "x", "y"]
