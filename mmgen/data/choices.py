"""Columns with several values for a row, of which a batch has one: wordings, recordings."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Choices:
    """A column of N rows, each with a group of values to choose from.

    Read as a sequence it has one value for each row, always the same: the k-th row of a group has
    the group's k-th value, and after the last comes the first again.

    Attributes:
        values: all V of them.
        members: int64 (M,), places in `values`, group after group.
        starts: int64 (G + 1,), where each group begins in `members`, and the end.
        groups: int64 (N,), the group of each row.
        own: int64 (N,), the place in `values` of what each row has when nothing is drawn.
    """

    values: Sequence[Any]
    members: np.ndarray
    starts: np.ndarray
    groups: np.ndarray
    own: np.ndarray

    @classmethod
    def of_rows(cls, rows: Sequence[Sequence[Any]]) -> "Choices":
        """Return a column whose rows have values of their own, one at least."""
        sizes = np.array([len(row) for row in rows], np.int64)
        values = [value for row in rows for value in row]
        return cls.of_groups(values, np.repeat(np.arange(len(rows)), sizes), np.arange(len(rows)))

    @classmethod
    def of_groups(
        cls, values: Sequence[Any], groups_of_values: np.ndarray, groups: np.ndarray
    ) -> "Choices":
        """Return a column whose rows share values with the other rows of their group.

        Args:
            groups_of_values: int64 (V,), from 0.
            groups: int64 (N,); each of them has a value.
        """
        num_groups = int(max(groups_of_values.max(), groups.max(initial=0))) + 1
        members = np.argsort(groups_of_values, kind="stable")
        sizes = np.bincount(groups_of_values, minlength=num_groups)
        starts = np.concatenate([[0], np.cumsum(sizes)])
        own = members[starts[groups] + _ranks(groups) % sizes[groups]]
        return cls(values, members, starts, groups, own)

    def __len__(self) -> int:
        return len(self.groups)

    def __iter__(self) -> Iterator[Any]:
        return (self.values[place] for place in self.own.tolist())

    def __getitem__(self, row: int) -> Any:
        return self.values[int(self.own[row])]

    def take(self, rows: np.ndarray, draws: np.ndarray | None = None) -> list[Any]:
        """Return a value for each of int64 (M,) rows.

        Args:
            draws: uint64 (M,), a random number for each, which chooses; None: each row's own.
        """
        if draws is None:
            places = self.own[rows]
        else:
            groups = self.groups[rows]
            first = self.starts[groups]
            sizes = (self.starts[groups + 1] - first).astype(np.uint64)
            places = self.members[first + (draws % sizes).astype(np.int64)]
        return [self.values[place] for place in places.tolist()]

    def select(self, rows: np.ndarray) -> "Choices":
        """Return some rows, int64 (M,), in that order, each with what it had."""
        return replace(self, groups=self.groups[rows], own=self.own[rows])

    def joined_with(self, other: "Choices") -> "Choices":
        """Return these rows and then the other's."""
        return Choices(
            [*self.values, *other.values],
            np.concatenate([self.members, other.members + len(self.values)]),
            np.concatenate([self.starts, other.starts[1:] + self.starts[-1]]),
            np.concatenate([self.groups, other.groups + len(self.starts) - 1]),
            np.concatenate([self.own, other.own + len(self.values)]),
        )


def _ranks(groups: np.ndarray) -> np.ndarray:
    """Return for each row how many rows of its group come before it, int64 (N,)."""
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    first = np.searchsorted(ordered, ordered, side="left")
    ranks = np.empty_like(groups)
    ranks[order] = np.arange(len(groups)) - first
    return ranks


Column = Sequence[Any] | Choices
"""A value for each row, or several to choose from."""


def take_values(
    column: Column, rows: Sequence[int] | np.ndarray, draws: np.ndarray | None
) -> list[Any]:
    """Return a value of a column for each row, as `Choices.take`."""
    if isinstance(column, Choices):
        return column.take(np.asarray(rows, np.int64), draws)
    return [column[row] for row in rows]


def select_rows(column: Column, rows: np.ndarray) -> Column:
    """Return some rows of a column, int64 (M,)."""
    if isinstance(column, Choices):
        return column.select(rows)
    return [column[row] for row in rows.tolist()]


def join_columns(first: Column, second: Column) -> Column:
    """Return the rows of two columns, one after the other."""
    if isinstance(first, Choices) or isinstance(second, Choices):
        return _as_choices(first).joined_with(_as_choices(second))
    return [*first, *second]


def every_value(column: Column) -> Sequence[Any]:
    """Return all values of a column, those that no row has as its own as well."""
    return column.values if isinstance(column, Choices) else column


def _as_choices(column: Column) -> Choices:
    return column if isinstance(column, Choices) else Choices.of_rows([[value] for value in column])
