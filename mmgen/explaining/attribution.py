"""Which conditions moved a picture, measured by leaving them out.

Nothing is asked of a family or an encoder but `generate`: neither attention nor a gradient, which
would end where an encoder prepares its input (words to numbers, sound to a spectrogram).

Slots: any subset may be given at run time, so all are, at the same noise, and each slot gets the
mean of what it adds in any order: exact Shapley values. The value of a subset is the picture
itself, pixel by pixel. The slots' pictures so add up to picture - picture without conditions, and
their shares, the part of that way that each goes, add up to 1.

Parts of a slot: each is left out alone. Parts that say the same hide each other so: without one of
them the picture does not change. Where a generator tells what it looked at, each word and each
whole condition also has a map of the places that looked at it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from mmgen.errors import InputError, UnsupportedConditionError, UnsupportedOperationError
from mmgen.explaining.explanation import Explanation, Part, SlotShare
from mmgen.explaining.looks import look_at_parts
from mmgen.explaining.parts import Occlusion, split
from mmgen.explaining.shapley import shapley_values, subsets
from mmgen.interfaces import Generator, Model, Progress
from mmgen.slots import Slot
from mmgen.weighting import Weights

_MOST_SLOTS = 8
_VISIBLE = 0.5 / 255  # less is the rounding of pixels, and of batches


@dataclass(frozen=True)
class _Variant:
    """The conditions with some slots as if not given, and perhaps one with another value."""

    absent: frozenset[str]
    slot: str = ""
    value: Any = None


def explain(
    model: Model,
    *,
    seed: int | None = None,
    index: int = 0,
    weights: Weights | None = None,
    batch_size: int | None = None,
    progress: Progress | None = None,
    **inputs: Any,
) -> Explanation:
    """Say which of the given conditions, and which parts of them, moved a picture.

    With k semantic slots given, 2^k pictures are drawn with the same noise, and one more for each
    word, window or cell. Pixels that the model starts from (image, mask) stay in all of them.

    Args:
        seed, index, weights, batch_size: as in `generate`; `index` is the picture's number.
        progress: called with (done, pictures to draw).
        inputs: conditions, one value each, and options, as `generate` takes them.

    Raises:
        UnsupportedOperationError: the model is an encoder, or makes film.
        UnsupportedConditionError: it takes no conditions, or not these.
        InputError: nothing was given, a slot has several values, or a value cannot be read.
        OptionError: an option that `generate` refuses.
    """
    if not isinstance(model, Generator):
        name = model.identity.architecture or type(model).__name__
        raise UnsupportedOperationError(f"{name} makes no pictures, so none can be explained")
    slots = {slot.name: slot for slot in model.slots}
    given, options = model.split_inputs(inputs)
    _check(model, given)
    conditions = model.read_conditions(given)
    for name, value in conditions.items():
        if len(value) != 1:
            raise InputError(f"one picture is explained: give {name!r} one value; got {len(value)}")
    samples = model.generate(seed=seed, indices=[index], weights=weights, **given, **options)
    if samples.frames is not None:
        raise UnsupportedOperationError(f"{model.title} makes film; only pictures are explained")
    players = [name for name in model.conditioner.slot_names if name in given]
    kinds = {
        name: split(slots[name], value, optional=name in players)
        for name, value in conditions.items()
    }
    variants = _plan(players, {name: parts for name, (_, parts) in kinds.items()})
    drawer = _Drawer(model, conditions, samples.recipe, options, batch_size)
    drawn = drawer.draw(variants, progress)
    looks = look_at_parts(model, conditions, {n: p for n, (_, p) in kinds.items()}, samples.recipe)
    return _assemble(slots, conditions, kinds, players, drawn, looks, samples.recipe)


def _check(model: Generator, given: Mapping[str, Any]) -> None:
    known = ", ".join(slot.name for slot in model.slots)
    if not known:
        raise UnsupportedConditionError(
            f"{model.title} takes no conditions: its pictures depend on the noise alone"
        )
    if not given:
        raise InputError(f"nothing was given that could be explained; {model.title} takes {known}")
    if len(given) > _MOST_SLOTS:
        raise InputError(f"at most {_MOST_SLOTS} conditions are explained; got {len(given)}")


def _plan(players: Sequence[str], parts: Mapping[str, Sequence[Occlusion]]) -> list[_Variant]:
    """Return what to draw: every subset of the players, and all of them without each part."""
    everyone = frozenset(players)
    planned = [_Variant(everyone - subset) for subset in subsets(players)]
    for slot, many in parts.items():
        planned += [
            _Variant(frozenset(), slot, part.without) for part in many if part.without is not None
        ]
    return planned


@dataclass(frozen=True)
class _Drawer:
    """Draws one picture under variants of its conditions."""

    model: Generator
    conditions: Mapping[str, Any]
    recipe: Mapping[str, Any]
    options: Mapping[str, Any]
    batch_size: int | None

    def draw(self, variants: Sequence[_Variant], progress: Progress | None) -> "_Drawn":
        """Draw all; those that leave out the same slots in one call."""
        rows: dict[frozenset[str], list[int]] = {}
        for row, variant in enumerate(variants):
            rows.setdefault(variant.absent, []).append(row)
        images: list[Tensor] = [torch.empty(0)] * len(variants)
        done = 0
        for absent, chosen in rows.items():
            for row, image in zip(chosen, self._draw(absent, [variants[i] for i in chosen]),
                                  strict=True):  # fmt: skip
                images[row] = image.double()
            done += len(chosen)
            if progress is not None:
                progress(done, len(variants))
        return _Drawn(variants, images)

    def _draw(self, absent: frozenset[str], variants: Sequence[_Variant]) -> Tensor:
        values = {}
        for slot, value in self.conditions.items():
            many = [variant.value if variant.slot == slot else value for variant in variants]
            changed = any(variant.slot == slot for variant in variants)
            values[slot] = _join(many) if changed else value
        # A weight of 0 is "not given", which also holds for a slot that must be given.
        weights = {**self.recipe.get("weights", {}), **dict.fromkeys(absent, 0.0)}
        return self.model.generate(
            seed=self.recipe["seed"],
            indices=list(self.recipe["indices"]) * len(variants),
            batch_size=self.batch_size,
            weights=weights or None,
            **values,
            **self.options,
        ).images


def _join(values: Sequence[Any]) -> Any:
    """Return contract values of one row each as one value of as many."""
    if isinstance(values[0], Tensor):
        return torch.cat(list(values))
    return [row for value in values for row in value]


@dataclass(frozen=True)
class _Drawn:
    """The variants and their pictures, float64 (C, H, W)."""

    variants: Sequence[_Variant]
    images: Sequence[Tensor]

    def subsets(self, players: Sequence[str]) -> dict[frozenset[str], Tensor]:
        """Return the picture of each subset of the slots."""
        return {
            frozenset(players) - variant.absent: image
            for variant, image in zip(self.variants, self.images, strict=True)
            if not variant.slot
        }

    def of(self, slot: str) -> list[Tensor]:
        """Return the pictures without each part of a slot."""
        pairs = zip(self.variants, self.images, strict=True)
        return [image for variant, image in pairs if variant.slot == slot]


def _assemble(
    slots: Mapping[str, Slot],
    conditions: Mapping[str, Any],
    kinds: Mapping[str, tuple[str, Sequence[Occlusion]]],
    players: Sequence[str],
    drawn: _Drawn,
    looks: Mapping[str, Sequence[Tensor | None]],
    recipe: Mapping[str, Any],
) -> Explanation:
    values = drawn.subsets(players)
    everyone = frozenset(players)
    image, baseline = values[everyone], values[frozenset()]
    way = image - baseline
    contributions = shapley_values(values, players)
    found = []
    for name, (kind, parts) in kinds.items():
        others = iter(drawn.of(name))
        changes = [
            _change(image, values[everyone - {name}] if part.without is None else next(others))
            for part in parts
        ]
        contribution = contributions.get(name)
        found.append(
            SlotShare(
                slot=name,
                modality=slots[name].modality,
                kind=kind,
                value=conditions[name],
                share=None if contribution is None else _share(contribution, way),
                contribution=contribution,
                parts=tuple(
                    Part(part.name, change, part.span, where)
                    for part, change, where in zip(
                        parts, changes, looks.get(name, [None] * len(parts)), strict=True
                    )
                ),
            )
        )
    made = Explanation(image.float(), baseline.float(), _change(image, baseline), tuple(found), {})
    return _with_recipe(made, recipe)


def _change(one: Tensor, two: Tensor) -> float:
    return float((one - two).square().mean())


def _share(contribution: Tensor, way: Tensor) -> float | None:
    """Return how much of the way a contribution goes, by its projection; None of no way."""
    if float(way.abs().max()) < _VISIBLE:
        return None
    return float((contribution * way).sum() / way.square().sum())


def _with_recipe(made: Explanation, recipe: Mapping[str, Any]) -> Explanation:
    whole = {**recipe, "operation": "explain", "explanation": made.to_dict()}
    return replace(made, recipe=whole)
