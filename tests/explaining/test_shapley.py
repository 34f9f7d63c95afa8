"""Shapley values against cases that are known, and their axioms."""

import torch

from mmgen.explaining.shapley import shapley_values, subsets


def game(**values: float) -> dict[frozenset[str], torch.Tensor]:
    """Return a game: game(_=0, a=1, ab=3)."""
    return {frozenset(name.strip("_")): torch.tensor(value) for name, value in values.items()}


def test_the_glove_game_has_its_known_values() -> None:
    # A left glove and two right ones; a pair is worth 1.
    found = shapley_values(game(_=0.0, a=0.0, b=0.0, c=0.0, ab=1.0, ac=1.0, bc=0.0, abc=1.0), "abc")
    expected = {"a": 2 / 3, "b": 1 / 6, "c": 1 / 6}
    for player, value in expected.items():
        torch.testing.assert_close(found[player], torch.tensor(value, dtype=torch.float64))


def test_what_adds_up_is_given_back() -> None:
    found = shapley_values(game(_=1.0, a=3.0, b=6.0, ab=8.0), "ab")
    assert {player: float(value) for player, value in found.items()} == {"a": 2, "b": 5}


def test_parts_of_pictures_add_up_in_every_pixel() -> None:
    torch.manual_seed(0)
    values = {subset: torch.rand(3, 4, 5) for subset in subsets("abcd")}
    parts = shapley_values(values, "abcd")
    whole = values[frozenset("abcd")].double() - values[frozenset()].double()
    torch.testing.assert_close(torch.stack([*parts.values()]).sum(dim=0), whole)


def test_subsets_are_all_there() -> None:
    found = list(subsets("abc"))
    assert len(found) == len(set(found)) == 8
    assert (found[0], found[-1]) == (frozenset(), frozenset("abc"))
