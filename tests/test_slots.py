"""Slots and sizes are written and read back as they are."""

import json

import pytest

from mmgen.errors import InputError
from mmgen.slots import Size, Slot


@pytest.mark.parametrize(
    "slot",
    [
        Slot(name="label", modality="label", classes=("cat", "dog")),
        Slot(name="style", modality="text", required=True),
        Slot(name="image", modality="image"),
    ],
)
def test_a_slot_survives_json(slot: Slot) -> None:
    assert Slot.from_dict(json.loads(json.dumps(slot.to_dict()))) == slot


def test_a_class_is_given_by_name_or_number_and_an_unknown_one_is_refused_in_a_sentence() -> None:
    slot = Slot(name="pet", modality="label", classes=("Cat", "Dog", "0"))
    assert [slot.class_number(value) for value in ("dog", "0", 0, "1")] == [1, 2, 0, 1]
    with pytest.raises(InputError, match=r"unknown pet 'horse'; the 3 classes: Cat, Dog, 0$"):
        slot.class_number("horse")
    with pytest.raises(InputError, match=r"unknown pet 'bog'; did you mean 'Dog'\? The 3 classes"):
        slot.class_number("bog")


def test_a_slot_is_optional_unless_told() -> None:
    assert not Slot.from_dict({"name": "label", "modality": "label"}).required


@pytest.mark.parametrize(
    ("size", "words", "fixed"),
    [
        (Size(channels=1, height=28, width=20), "20×28 grey", True),
        (
            Size(channels=3, height=64, width=64, multiple_of=8),
            "64×64 colour, any multiple of 8",
            False,
        ),
        (Size(channels=4, height=8, width=8), "8×8 colour with alpha", True),
    ],
)
def test_a_size_says_what_it_is(size: Size, words: str, fixed: bool) -> None:
    assert str(size) == words
    assert size.fixed is fixed


FIXED = Size(channels=1, height=8, width=12)
ANY = Size(channels=1, height=8, width=8, multiple_of=4)


def test_a_picture_of_the_right_size_is_accepted_without_a_word() -> None:
    assert FIXED.accept(8, 12, "photo") == ""
    assert ANY.accept(100, 4, "photo") == ""


def test_a_picture_that_will_be_resized_is_noted() -> None:
    assert FIXED.accept(16, 24, "photo") == "'photo' is resized from 24×16 to 12×8"


@pytest.mark.parametrize(
    ("size", "sides", "words"),
    [
        (FIXED, (8, 8), r"'photo' must have the shape .*, 12×8; got 8×8: crop it first"),
        (ANY, (8, 10), r"'photo' must have sides that are multiples of 4 px; got 10×8"),
    ],
)
def test_a_picture_that_does_not_fit_is_refused_with_the_rule(
    size: Size, sides: tuple[int, int], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        size.accept(*sides, "photo")
