"""Weights of conditions, in any form that people give them."""

from typing import Any

import pytest

from mmgen.errors import InputError, UnsupportedConditionError
from mmgen.weighting import read_weights, split_weights, weights_by_slot

SLOTS = ("label", "text")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (2, 2.0),
        ("1.5", 1.5),
        ("-1", -1.0),
        ("text:2,label:0.5", {"text": 2.0, "label": 0.5}),
        (" text : 2 , label : -1e-1 ", {"text": 2.0, "label": -0.1}),
        ({"text": 2, "label": "0.5"}, {"text": 2.0, "label": 0.5}),
    ],
)
def test_weights_are_read_in_any_form(value: Any, expected: Any) -> None:
    assert read_weights(value) == expected


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("much", "weights are a number for all conditions"),
        ("text:2,3", "got 'text:2,3'"),
        ("text:", "weights are a number"),
        (":2", "got ':2'"),
        ("text:2,text:3", "'text' twice"),
        ("nan", "must be a finite number; got 'nan'"),
        ({"text": float("inf")}, "the weight of 'text' must be a finite number"),
        (True, "must be a finite number"),
        ([1, 2], "weights are a number"),
        ({"text": None}, "weights are a number"),
    ],
)
def test_what_is_no_weight_is_refused(value: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_weights(value)


def test_weights_are_told_from_what_is_given_beside_them() -> None:
    given = {"text": "a cat", "weights": "text:2"}
    assert split_weights(given) == ({"text": "a cat"}, {"text": 2.0})
    assert split_weights({"text": "a cat"}) == ({"text": "a cat"}, None)
    assert given["weights"] == "text:2"
    with pytest.raises(InputError, match="weights are a number"):
        split_weights({"weights": "much"})


def test_one_number_is_the_weight_of_all_that_is_given() -> None:
    assert weights_by_slot(2.0, SLOTS, ("text", "image"), "'m'") == {"text": 2.0}
    assert weights_by_slot(None, SLOTS, ("text",), "'m'") == {}


def test_a_weight_needs_a_condition() -> None:
    with pytest.raises(InputError, match="none is given; give one of label, text"):
        weights_by_slot(2.0, SLOTS, (), "'m'")
    with pytest.raises(InputError, match="'m' takes none that has a weight"):
        weights_by_slot(2.0, (), ("image",), "'m'")
    with pytest.raises(InputError, match="'text' has a weight and is not given"):
        weights_by_slot({"text": 1.0}, SLOTS, ("label",), "'m'")
    with pytest.raises(UnsupportedConditionError, match=r"did you mean 'text'.*label, text"):
        weights_by_slot({"txet": 1.0}, SLOTS, ("text",), "'m'")
