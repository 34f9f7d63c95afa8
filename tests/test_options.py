"""Options take values and strings, check them once, and describe themselves."""

import json
from dataclasses import FrozenInstanceError, dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmgen.errors import OptionError
from mmgen.options import MOST_SEED, Options, describe, option, seed_option


@dataclass(frozen=True, kw_only=True)
class Everything(Options):
    """One option of every kind."""

    steps: int = option(10, minimum=1, maximum=1000, unit="steps", help="how many")
    temperature: float = option(1.0, minimum=0.0, maximum=2.0, help="spread")
    scale: float = option(3.0, help="any number")
    strength: float = option(0.5, above=0.0, maximum=1.0, help="how much")
    rate: float = option(0.1, above=0.0, help="how fast")
    output: str = option("mean", choices=("mean", "sample"), help="which")
    exact: bool = option(False, help="or not")
    widths: tuple[int, ...] = option((32, 64), minimum=1, help="of layers")
    names: tuple[str, ...] = option((), help="of classes")
    crop: int | None = option(None, minimum=1, unit="px", help="none: whole")
    size: int | str = option("small", help="a number or a word")


@dataclass(frozen=True, kw_only=True)
class Needed(Options):
    """Has an option without a default, and a rule across fields."""

    low: int = option(help="the lower end")
    high: int = option(10, help="the upper end")

    def check(self) -> None:
        if self.low > self.high:
            raise OptionError(f"option 'low' must not be above 'high'; got {self.low}")


@pytest.mark.parametrize(
    ("name", "value", "taken"),
    [
        ("steps", "25", 25),
        ("steps", "1_000", 1000),
        ("strength", 1e-9, 1e-9),
        ("strength", 1, 1.0),
        ("steps", 25.0, 25),
        ("steps", np.int64(25), 25),
        ("temperature", "0.5", 0.5),
        ("temperature", "1e-1", 0.1),
        ("temperature", 1, 1.0),
        ("temperature", np.float32(0.5), 0.5),
        ("exact", "yes", True),
        ("exact", "Off", False),
        ("exact", True, True),
        ("widths", "8,16, 32", (8, 16, 32)),
        ("widths", [8, "16"], (8, 16)),
        ("widths", 8, (8,)),
        ("names", "cat,dog", ("cat", "dog")),
        ("names", "", ()),
        ("crop", "none", None),
        ("crop", "5", 5),
        ("size", "7", 7),
        ("size", "none", "none"),
    ],
)
def test_values_and_strings_are_taken(name: str, value: Any, taken: Any) -> None:
    found = getattr(Everything.build({name: value}), name)
    assert found == taken
    assert type(found) is type(taken)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("steps", 0, "must be 1 to 1000 steps; got 0"),
        ("steps", 1001, "must be 1 to 1000 steps"),
        ("steps", 2.5, "takes int"),
        ("steps", np.float32(2.5), "takes int"),
        ("steps", Decimal("2.5"), "takes int"),
        ("steps", True, "takes int"),
        ("steps", b"5", "takes int"),
        ("steps", "many", "takes int"),
        ("steps", None, "takes int"),
        ("steps", float("inf"), "takes int"),
        ("steps", [5], "takes int"),
        ("temperature", float("nan"), "finite"),
        ("temperature", "inf", "finite"),
        ("temperature", -0.1, "must be 0 to 2"),
        ("temperature", "warm", "takes number"),
        ("temperature", True, "takes number"),
        ("scale", "-inf", "finite"),
        ("strength", 0, "must be above 0, to 1; got 0"),
        ("strength", 1.1, "must be above 0, to 1; got 1.1"),
        ("rate", -1, "must be above 0; got -1"),
        ("output", "median", "must be one of 'mean', 'sample'; got 'median'"),
        ("output", 5, "takes text"),
        ("exact", "perhaps", "takes yes/no"),
        ("exact", 1, "takes yes/no"),
        ("widths", "8,0", "at least 1"),
        ("widths", "8,x", "takes list of int"),
        ("crop", "0", "at least 1"),
        ("crop", "wide", "takes int or none"),
        ("size", 1.5, "takes int or text"),
    ],
)
def test_what_cannot_be_taken_is_refused_by_name(name: str, value: Any, words: str) -> None:
    with pytest.raises(OptionError, match=words) as caught:
        Everything.build({name: value})
    assert repr(name) in str(caught.value)


def test_an_unknown_option_names_the_nearest_and_the_valid_ones() -> None:
    with pytest.raises(OptionError) as caught:
        Everything.build({"temprature": 1})
    message = str(caught.value)
    assert message.startswith("unknown option 'temprature'; did you mean 'temperature'?")
    assert all(info.name in message for info in describe(Everything))


def test_a_class_without_options_says_so() -> None:
    with pytest.raises(OptionError, match="Valid options: none"):
        Options.build({"anything": 1})


def test_a_missing_option_is_explained() -> None:
    with pytest.raises(OptionError, match="'low' is required: the lower end"):
        Needed.build({"high": 3})


def test_rules_across_fields_hold_for_every_way_in() -> None:
    with pytest.raises(OptionError, match="above"):
        Needed.build({"low": 11})
    with pytest.raises(OptionError, match="above"):
        Needed(low=11)
    with pytest.raises(OptionError, match="above"):
        Needed(low=1).replace(low=11)


def test_direct_construction_is_checked_like_build() -> None:
    assert Everything(widths=[1, 2]).widths == (1, 2)
    with pytest.raises(OptionError, match="'steps'"):
        Everything(steps=0)


def test_options_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Everything().steps = 5  # type: ignore[misc]


def test_replace_leaves_the_original_alone() -> None:
    original = Everything()
    assert original.replace(steps=5).steps == 5
    assert original.steps == 10


def test_to_dict_is_json_and_builds_the_same_options() -> None:
    original = Everything(widths=(1, 2, 3), crop=4, output="sample", exact=True)
    assert Everything.build(json.loads(json.dumps(original.to_dict()))) == original


@given(
    steps=st.integers(1, 1000),
    temperature=st.floats(0, 2),
    exact=st.booleans(),
    widths=st.lists(st.integers(1, 10**6)),
    crop=st.none() | st.integers(1),
)
def test_any_valid_options_survive_json_and_strings(**values: Any) -> None:
    original = Everything.build(values)
    assert Everything.build(json.loads(json.dumps(original.to_dict()))) == original
    typed = {
        name: ",".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in original.to_dict().items()
    }
    assert Everything.build(typed) == original


def test_describe_tells_all_that_info_prints() -> None:
    infos = {info.name: info for info in describe(Everything)}
    assert list(infos) == list(Everything().to_dict())
    assert infos["steps"].to_dict() == {
        "name": "steps",
        "type": "int",
        "default": 10,
        "required": False,
        "rule": "1 to 1000",
        "unit": "steps",
        "help": "how many",
    }
    assert infos["widths"].type_name == "list of int"
    assert infos["crop"].type_name == "int or none"
    assert infos["scale"].rule == "any number"
    assert infos["strength"].rule == "above 0, to 1"
    assert infos["output"].rule == "one of 'mean', 'sample'"
    assert describe(Needed)[0].required
    assert json.dumps([info.to_dict() for info in infos.values()])


def test_a_seed_is_no_larger_than_generators_take():
    @dataclass(frozen=True, kw_only=True)
    class Drawn(Options):
        seed: int = seed_option("of the pictures")

    assert Drawn.build({"seed": str(2**63 - 1)}).seed == MOST_SEED
    with pytest.raises(OptionError, match="seed"):
        Drawn.build({"seed": 2**64})
