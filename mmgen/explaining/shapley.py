"""Shapley values: what each of several players adds, whatever order they come in."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from math import factorial

import torch
from torch import Tensor


def subsets(players: Sequence[str]) -> Iterator[frozenset[str]]:
    """Yield all subsets, the empty one first, the whole last."""
    for size in range(len(players) + 1):
        yield from map(frozenset, combinations(players, size))


def shapley_values(
    values: Mapping[frozenset[str], Tensor], players: Iterable[str]
) -> dict[str, Tensor]:
    """Return each player's part of values[all] - values[none], exact to rounding.

    The mean over all orders of what a player adds to those before it (Shapley 1953; Lundberg and
    Lee 2017, eq. 8). Values may be whole pictures: the formula is linear, so it holds for every
    pixel, and the players' parts add up to the whole in each.

    Args:
        values: of each subset of the players, all of one shape.
    """
    players = list(players)
    count = len(players)
    parts = {}
    for player in players:
        others = [other for other in players if other != player]
        part = torch.zeros_like(values[frozenset()], dtype=torch.float64)
        for before in subsets(others):
            size = len(before)
            share = factorial(size) * factorial(count - size - 1) / factorial(count)
            part += share * (values[before | {player}].double() - values[before].double())
        parts[player] = part
    return parts
