"""Checks of how a generator answers its inputs: each slot counts, unknown ones are refused."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

from mmgen.errors import InputError, MmgenError, OptionError, UnsupportedConditionError
from mmgen.interfaces import Generator
from mmgen.options import OptionInfo, describe
from mmgen.testing.case import GeneratorCase, check, perturb
from mmgen.testing.outcome import (
    ContractError,
    NotApplicable,
    demand,
    demand_alike,
    demand_refusal,
)
from mmgen.testing.values import required_inputs, values_for

_TRIES = 3
_COUNT = 4


@check
def check_every_slot_changes_the_pictures(case: GeneratorCase) -> None:
    """Each slot matters: other values, and not giving it, make other pictures."""
    model = case.build()
    silent: dict[str, str] = {}
    for attempt in range(_TRIES):
        silent = {
            slot.name: what
            for slot in model.slots
            if (what := _without_effect(case, model, slot.name))
        }
        if not silent:
            return
        perturb(model, seed=1 + attempt)
    name, what = next(iter(silent.items()))
    raise ContractError(f"slot {name!r} must change the pictures; {what} changes nothing")


def _without_effect(case: GeneratorCase, model: Generator, name: str) -> str:
    """Return what makes no difference, or ""."""
    slots = {slot.name: slot for slot in model.slots}
    slot = slots[name]
    # Spatial slots go together (an image with its mask); semantic ones are given alone.
    spatial = {item.name for item in model.spatial_slots}
    together = spatial if name in spatial else {name, *(s for s in slots if slots[s].required)}
    given = {item: values_for(slots[item], model.size, _COUNT) for item in together}
    base = case.draw(model, _COUNT, **given).images
    other = values_for(slot, model.size, _COUNT, variant=1)
    if torch.equal(base, case.draw(model, _COUNT, **{**given, name: other}).images):
        return "another value"
    if name in spatial or slot.required:
        return ""
    rest = {item: value for item, value in given.items() if item != name}
    if torch.equal(base, case.draw(model, _COUNT, **rest).images):
        return "not giving it"
    return ""


@check
def check_rows_are_independent(case: GeneratorCase) -> None:
    """Picture i answers its own conditions, whatever those of the other pictures."""
    model = case.build()
    for slot in model.slots:
        if slot in model.spatial_slots:
            continue
        given = required_inputs(model, 3)
        one = values_for(slot, model.size, 3)
        two = values_for(slot, model.size, 3, variant=1)
        mixed = _mix(one, two)
        base = case.draw(model, 3, **{**given, slot.name: one}).images
        changed = case.draw(model, 3, **{**given, slot.name: mixed}).images
        demand_alike(
            base[::2],
            changed[::2],
            case.tolerance,
            f"another {slot.name!r} for picture 1 must leave pictures 0 and 2 alone",
        )
        single = case.draw(model, 3, **{**given, slot.name: one[:1]}).images
        repeated = case.draw(model, 3, **{**given, slot.name: [one[0]] * 3}).images
        demand_alike(
            single, repeated, case.tolerance, f"one {slot.name!r} for all must equal one each"
        )


def _mix(one: Any, two: Any) -> list[Any]:
    """Return the values of `one`, with the middle one of `two`."""
    return [one[0], two[1], one[2]]


@check
def check_known_pixels_are_kept(case: GeneratorCase) -> None:
    """Where a model has an image and a mask, what the mask keeps is the image's, exactly."""
    model = case.build()
    if not {"image", "mask"} <= {slot.name for slot in model.slots}:
        raise NotApplicable(f"{case.architecture} does not inpaint")
    given: dict[str, Tensor] = {
        slot.name: values_for(slot, model.size, 2) for slot in model.spatial_slots
    }
    images = case.draw(model, 2, **given).images
    known = (given["mask"] == 0).expand_as(images)
    demand_alike(
        images[known].mul(255).round(),
        given["image"][known].mul(255).round(),
        0,
        "pixels that the mask keeps must be those of the image",
    )


@check
def check_unknown_inputs_are_refused(case: GeneratorCase) -> None:
    """What a model does not know or cannot use is refused in words, and changes nothing."""
    model = case.build()
    given = required_inputs(model, 2)
    before = case.draw(model, 2, **given).images
    for inputs, kind, word in _bad_inputs(model):
        what = ", ".join(f"{name}={value!r}" for name, value in inputs.items())
        call = partial(case.draw, model, 2, **{**given, **inputs})
        demand_refusal(call, kind, word, what)
    after = case.draw(model, 2, **given).images
    demand(torch.equal(before, after), "a refused call must leave the model as it was")


def _bad_inputs(model: Generator) -> Iterator[tuple[Mapping[str, Any], type[MmgenError], str]]:
    """Yield (inputs, the error that they are due, a word of it)."""
    yield {"no_such_option": 1}, OptionError, "no_such_option"
    yield {"label": "no such class"}, InputError, "no such class"
    yield {"label": ["round", "odd", "odd"]}, InputError, "label"
    yield {"text": 7}, InputError, "text"
    yield {"batch_size": 0}, InputError, "batch_size"
    yield {"seed": -1}, InputError, "seed"
    names = {slot.name for slot in model.slots}
    for modality in {"image", "mask"} - names:
        yield {modality: torch.zeros(1, 1)}, UnsupportedConditionError, modality
    for info in describe(model.generation):
        for value in _bad_values(info):
            yield {info.name: value}, OptionError, info.name


def _bad_values(info: OptionInfo) -> Iterator[Any]:
    if info.type_name.startswith(("int", "number")):
        yield "not a number"
    if info.choices:
        yield "no such choice"
    if info.above is not None:
        yield info.above
    if info.minimum is not None:
        yield info.minimum - 1
    if info.maximum is not None:
        yield info.maximum + 1
