"""How much each condition counts: one number for all that is given, or one by slot."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from mmgen.errors import InputError, UnsupportedConditionError, did_you_mean

Weights = float | Mapping[str, float]
WEIGHTS = "weights"  # the name that they are given by, beside conditions or options
WEIGHTS_HELP = "0: as if not given; 1: as it is; more exaggerates; below 0 the other way"


def read_weights(value: Any) -> Weights | None:
    """Return weights from numbers, or from the words of a command line; None stays None.

    Args:
        value: a number for all that is given, {slot: number}, or either as text: "1.5",
            "text:2,label:0.5".

    Raises:
        InputError: something else, or a number that is not finite.
    """
    if value is None:
        return None
    if isinstance(value, str) and ":" in value:
        value = _read_pairs(value)
    if isinstance(value, Mapping):
        return {str(slot): _number(number, f" of {slot!r}") for slot, number in value.items()}
    return _number(value, "")


def split_weights(given: Mapping[str, Any]) -> tuple[dict[str, Any], Weights | None]:
    """Return what is given by name beside "weights", and the weights, read.

    Raises:
        InputError: weights that are none.
    """
    others = {name: value for name, value in given.items() if name != WEIGHTS}
    return others, read_weights(given.get(WEIGHTS))


def _read_pairs(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in text.split(","):
        slot, colon, number = (part.strip() for part in pair.rpartition(":"))
        if not colon or not slot:
            raise _refuse(text)
        if slot in found:
            raise InputError(f"weights name {slot!r} twice: {text!r}")
        found[slot] = number
    return found


def _number(value: Any, of: str) -> float:
    try:
        number = math.nan if isinstance(value, bool | bytes) else float(value)
    except (TypeError, ValueError, OverflowError):
        raise _refuse(value) from None
    if not math.isfinite(number):
        raise InputError(f"the weight{of} must be a finite number; got {value!r}")
    return number


def _refuse(value: Any) -> InputError:
    return InputError(
        "weights are a number for all conditions, or one for each of some "
        f"(text:2,label:0.5); got {value!r}"
    )


def weights_by_slot(
    weights: Weights | None, slots: Sequence[str], given: Sequence[str], title: str
) -> dict[str, float]:
    """Return the weight of each slot that has one; nothing for None.

    Args:
        slots: those that can be weighted: a model's semantic ones.
        given: the slots that were given, whichever.
        title: the model's name as errors say it.

    Raises:
        UnsupportedConditionError: a slot that the model does not have, or one that brings pixels.
        InputError: a slot that was not given.
    """
    if weights is None:
        return {}
    weighable = [slot for slot in slots if slot in given]
    if not isinstance(weights, Mapping):
        if not weighable:
            known = ", ".join(slots)
            what = f"give one of {known}" if known else f"{title} takes none that has a weight"
            raise InputError(f"weights={weights:g} weighs conditions, and none is given; {what}")
        return dict.fromkeys(weighable, weights)
    for slot in weights:
        if slot not in slots:
            near = did_you_mean(slot, slots) or ";"
            known = ", ".join(slots) or "none"
            raise UnsupportedConditionError(
                f"there is no weight of {slot!r}{near} {title} weighs {known}"
            )
        if slot not in given:
            raise InputError(f"{slot!r} has a weight and is not given; give it, or leave it out")
    return dict(weights)
