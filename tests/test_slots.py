"""Slots and sizes are written and read back as they are."""

import json

import pytest

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
