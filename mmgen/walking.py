"""A walk: the pictures between one noise and another, one condition and another."""

import math
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from mmgen.errors import InputError
from mmgen.interfaces import Condition, Generator, Noise, Samples
from mmgen.interfaces.capabilities import Progress
from mmgen.interfaces.counting import whole_number
from mmgen.interfaces.noise import CounterNoise
from mmgen.interfaces.recipe import write_recipe
from mmgen.nn import spherical
from mmgen.options import MOST_SEED
from mmgen.weighting import Weights, read_weights, weights_by_slot


def walk(
    model: Generator,
    num_images: int = 8,
    *,
    seed: int | None = None,
    to_seed: int | None = None,
    batch_size: int | None = None,
    progress: Progress | None = None,
    weights: Weights | None = None,
    **inputs: Any,
) -> Samples:
    """Draw pictures on the way from one noise to another, and from condition to condition.

    Any generator can: all its random numbers turn, on a sphere, from those of the first picture
    of `seed` to those of the first of `to_seed`, while its condition goes straight from value to
    value of the inputs that have several, at even pace (`Condition.towards`). The first and the
    last picture are those that `generate` draws. How smooth the way between them is, is the
    model's affair: families that choose, as pixel by pixel, jump.

    Args:
        num_images: N >= 2.
        seed: 0 to 2**63 - 1; one is drawn and recorded if none is given.
        to_seed: likewise; None: the noise stays.
        batch_size, progress, weights: as `Generator.generate` takes them.
        inputs: the model's slots by name, each one value or K, the way's stations; those that
            bring pixels one value. And options of the family.

    Returns:
        N pictures (N, C, H, W) and the recipe to make them again; `save(…, animate=True)` writes
        them as one that moves.

    Raises:
        InputError: there is nowhere to go, or the slots' numbers of values do not agree.
        UnsupportedConditionError, OptionError, OutOfMemoryError: as `generate` does.
    """
    given, option_values = model.split_inputs(inputs)
    options = model.generation.build(option_values)
    by_slot = weights_by_slot(
        read_weights(weights), model.conditioner.slot_names, tuple(given), model.title
    )
    conditions = model.read_conditions(given)
    several = _stations(model, conditions)
    num_images = whole_number("num_images", num_images, 2)
    if to_seed is not None:
        to_seed = whole_number("to_seed", to_seed, 0, MOST_SEED)
    elif not several:
        raise InputError("a walk needs somewhere to go: two values of an input or more, or to_seed")
    seed = secrets.randbits(32) if seed is None else whole_number("seed", seed, 0, MOST_SEED)
    size = model.batch_size_for(conditions, batch_size)
    model.eval()
    count = max(several.values(), default=1)
    with torch.inference_mode():
        stations = model.encode_conditions(conditions, count).weighted(by_slot)
    places = torch.linspace(0, 1, num_images, dtype=torch.float64)

    def rows(start: int, stop: int) -> tuple[Condition, Noise]:
        shares = places[start:stop]
        noises = [
            CounterNoise(number, [0], model.device, model.dtype)
            for number in (seed, to_seed)
            if number is not None
        ]
        return _between(stations, shares), TurningNoise(noises, shares)

    images = model.draw(num_images, rows, options, batch_size=size, progress=progress)
    recipe = write_recipe(model, range(num_images), seed, given, conditions, options, size)
    recipe |= {
        "operation": "walk",
        "steps": num_images,
        "to_seed": to_seed,
        "stations": {slot: recipe["conditions"].pop(slot) for slot in several},
    }
    return Samples(images, recipe | ({"weights": by_slot} if by_slot else {}))


def _stations(model: Generator, conditions: Mapping[str, Any]) -> dict[str, int]:
    """Return the number of values of each slot that has several."""
    several = {slot: len(values) for slot, values in conditions.items() if len(values) > 1}
    for slot in model.spatial_slots:
        if slot.name in several:
            raise InputError(
                f"a walk goes between noises and meanings; {slot.name!r} brings pixels and takes "
                "one value (between two pictures: interpolate)"
            )
    if len(set(several.values())) > 1:
        shown = ", ".join(f"{slot}: {number}" for slot, number in several.items())
        raise InputError(f"give each input one value, or equally many; got {shown}")
    return several


def _between(stations: Condition, shares: Tensor) -> Condition:
    """Return the conditions at shares (N,) of the way through all stations."""
    last = len(stations) - 1
    if not last:
        return stations.rows(torch.zeros(len(shares), dtype=torch.int64))
    places = shares * last
    before = places.long().clamp(max=last - 1)
    step = (places - before).float().to(stations.pooled.device)
    before = before.to(stations.pooled.device)
    return stations.rows(before).towards(stations.rows(before + 1), step)


class TurningNoise:
    """The noise of N pictures between one picture and another: numbers turn on a sphere.

    Args:
        ends: the noise of one picture, the first, and that of the last; one alone stays.
        shares: float64 (N,), 0 to 1, where on the way each picture is.
    """

    def __init__(self, ends: Sequence[Noise], shares: Tensor) -> None:
        self._ends = ends
        self._shares = shares

    def normal(self, shape: Sequence[int], *, stream: str = "", step: int = 0) -> Tensor:
        """Return standard normal numbers (N, *shape)."""
        ends = [noise.normal(shape, stream=stream, step=step)[0] for noise in self._ends]
        return self._turn(ends, [end.float() for end in ends])

    def uniform(self, shape: Sequence[int], *, stream: str = "", step: int = 0) -> Tensor:
        """Return float32 (N, *shape), uniform in (0, 1): those whose normal numbers turn."""
        ends = [noise.uniform(shape, stream=stream, step=step)[0] for noise in self._ends]
        normal = [math.sqrt(2) * torch.erfinv(2 * end.double() - 1) for end in ends]
        return self._turn(ends, normal, uniform=True)

    def _turn(self, ends: list[Tensor], normal: list[Tensor], *, uniform: bool = False) -> Tensor:
        """Return what lies between; at both ends exactly what they have."""
        first, last = ends[0], ends[-1]
        shares = self._shares.to(first.device)
        if len(ends) == 1:
            return first.expand(len(shares), *first.shape)
        turned = spherical(normal[0], normal[1], shares.to(normal[0].dtype))
        if uniform:
            turned = torch.special.ndtr(turned).clamp(min=2**-25, max=1 - 2**-24)
        shares = shares.view(-1, *(1,) * first.ndim)
        turned = torch.where(shares == 0, first, turned.to(first.dtype))
        return torch.where(shares == 1, last, turned)
