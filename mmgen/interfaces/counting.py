"""How many pictures, which ones, and which condition belongs to which."""

import operator
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from mmgen.errors import InputError


def expand_rows(pixels: Tensor, num_images: int) -> Tensor:
    """Return pixels (N, …) for one or N pictures."""
    return pixels.expand(num_images, *pixels.shape[1:])


def image_numbers(
    num_images: int | None, indices: Sequence[int] | None, conditions: Mapping[str, Any]
) -> Sequence[int]:
    """Return the pictures' numbers: those asked for, or 0 to N - 1."""
    if num_images is not None:
        num_images = whole_number("num_images", num_images, 1)
    if indices is None:
        return range(_agree(num_images, None, conditions))
    numbers = [whole_number("indices", number, 0, 2**63 - 1) for number in indices]
    if not numbers:
        raise InputError("indices must name at least one image; got none")
    _agree(num_images, numbers, conditions)
    return numbers


def _agree(
    num_images: int | None, indices: Sequence[int] | None, conditions: Mapping[str, Any]
) -> int:
    """Return N from what was asked and from how many values each slot got."""
    counts = {"num_images": num_images, "indices": None if indices is None else len(indices)}
    counts |= {slot: len(values) for slot, values in conditions.items() if len(values) > 1}
    asked = {name: count for name, count in counts.items() if count is not None}
    if len(set(asked.values())) > 1:
        shown = ", ".join(f"{name}: {count}" for name, count in asked.items())
        raise InputError(
            f"the numbers of images do not agree ({shown}); give one value, or one each"
        )
    return next(iter(asked.values()), 1)


def whole_number(name: str, value: Any, minimum: int, maximum: int | None = None) -> int:
    """Return a whole number of any integer type as Python's own; raise InputError for others."""
    try:
        number = operator.index(value)
    except TypeError:
        raise InputError(f"{name} takes whole numbers; got {value!r}") from None
    if number < minimum or (maximum is not None and number > maximum):
        rule = f"at least {minimum}" if maximum is None else f"{minimum} to {maximum}"
        raise InputError(f"{name} must be {rule}; got {number}")
    return number


def take_rows(conditions: Mapping[str, Any], start: int, stop: int, total: int) -> dict[str, Any]:
    """Return rows start to stop of each slot; a single value stays one for all."""
    return {
        slot: values if len(values) == 1 and total != 1 else values[start:stop]
        for slot, values in conditions.items()
    }
