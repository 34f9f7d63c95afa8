"""A plugin for the tests, with kinds of input of its own: one of words, one of numbers."""

from typing import Any

import torch

import mmgen
from mmgen.errors import InputError

MMGEN_API = 1


@mmgen.hookimpl
def mmgen_modalities() -> list[mmgen.Modality]:
    """Moods and points, and places, which bring pixels."""
    return [
        mmgen.Modality(name="mood", kind="semantic", reader="moods:read_moods"),
        mmgen.Modality(name="point", kind="semantic", reader="moods:read_points"),
        mmgen.Modality(name="place", kind="spatial", reader="moods:read_points"),
    ]


def read_moods(value: Any, slot: mmgen.Slot, size: mmgen.Size) -> list[str]:
    """Return moods in small letters."""
    many = value if isinstance(value, list) else [value]
    for row, mood in enumerate(many):
        if not isinstance(mood, str):
            raise InputError(f"{slot.name!r} is a word; row {row + 1} has {mood!r}")
    if "odd" in many:
        raise ZeroDivisionError("of a reader that has a mistake")
    return [mood.lower() for mood in many if mood != "nothing"]


def read_points(value: Any, slot: mmgen.Slot, size: mmgen.Size) -> torch.Tensor:
    """Return points (K, 2), as parts of the picture."""
    if isinstance(value, torch.Tensor):
        return value
    return torch.tensor(value, dtype=torch.float32) / torch.tensor([size.height, size.width])
