"""Plain tables."""

from mmgen.cli.table import format_table
from mmgen.cli.words import count, file_size

HEADINGS = ("NAME", "WHAT")


def test_columns_are_aligned() -> None:
    table = format_table(HEADINGS, [("a", "one"), ("longer", "two")])
    assert table.splitlines() == ["NAME    WHAT", "a       one", "longer  two"]


def test_a_narrow_terminal_cuts_the_widest_column() -> None:
    table = format_table(HEADINGS, [("name", "something rather long")], width=20)
    assert table.splitlines()[1] == "name  something rat…"
    assert max(map(len, table.splitlines())) == 20


def test_the_last_column_may_be_wrapped() -> None:
    text = "something that is rather long to say"
    table = format_table(HEADINGS, [("name", text)], width=32, wrap=True)
    assert table.splitlines()[1:] == ["name  something that is rather", "      long to say"]


def test_wide_characters_count_twice() -> None:
    rows = format_table(HEADINGS, [("猫", "cat"), ("dog", "dog")]).splitlines()
    assert rows[1] == "猫    cat"
    assert rows[2] == "dog   dog"


def test_numbers_in_words() -> None:
    assert [count(number) for number in (7, 1500, 2_340_000)] == ["7", "1.5 k", "2.34 M"]
    assert [file_size(number) for number in (7, 1500, 3 * 10**9)] == ["7 B", "1.5 kB", "3 GB"]
