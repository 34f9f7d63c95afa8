"""A walk: the pictures between one noise and another, one condition and another."""

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
    last picture are those that `generate` draws, and so, where the noise stays, is every one at a
    station. How smooth the way between them is, is the model's affair:
    families that choose, as pixel by pixel, jump.

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
    if not several and to_seed in (None, seed):
        raise InputError(
            "a walk needs somewhere to go: two values of an input or more, or another to_seed"
        )
    seed = secrets.randbits(32) if seed is None else whole_number("seed", seed, 0, MOST_SEED)
    size = model.batch_size_for(conditions, batch_size)
    if model.training:
        model.eval()
    count = max(several.values(), default=1)
    with torch.inference_mode():
        stations = model.encode_conditions(conditions, count).weighted(by_slot)
    ends = [CounterNoise(number, [0]) for number in (seed, to_seed) if number is not None]
    if to_seed is not None and not given:
        stations = _examples_of(model, stations, ends)

    def rows(start: int, stop: int) -> tuple[Condition, Noise]:
        part = range(start, stop)
        shares = torch.tensor([at / (num_images - 1) for at in part], dtype=torch.float64)
        noise = TurningNoise(ends, shares, model.device, model.dtype)
        return _between(stations, part, num_images), noise

    images = model.draw(num_images, rows, options, batch_size=size, progress=progress)
    recipe = write_recipe(model, range(num_images), seed, given, conditions, options, size)
    recipe |= {
        "operation": "walk",
        "steps": num_images,
        "to_seed": to_seed,
        "stations": {slot: recipe["conditions"].pop(slot) for slot in several},
    }
    return Samples(images, recipe | ({"weights": by_slot} if by_slot else {}))


def _examples_of(model: Generator, nothing: Condition, ends: Sequence[Noise]) -> Condition:
    """Return what the first and the last picture are told where nothing is given."""
    if model.conditioner.examples is None:
        return nothing
    both = nothing.rows(torch.zeros(2, dtype=torch.int64, device=nothing.pooled.device))
    noise = TurningNoise(ends, torch.tensor([0.0, 1.0], dtype=torch.float64))
    return model.conditioner.draw_examples(both, noise)


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


def _between(stations: Condition, numbers: range, num_images: int) -> Condition:
    """Return the conditions of some pictures of the way through all stations."""
    last, device = len(stations) - 1, stations.pooled.device
    if not last:
        return stations.rows(torch.zeros(len(numbers), dtype=torch.int64, device=device))
    # In whole numbers, so that a picture at a station is there and nowhere near.
    places = [divmod(number * last, num_images - 1) for number in numbers]
    before = torch.tensor([min(place, last - 1) for place, _ in places], device=device)
    steps = [1.0 if place == last else rest / (num_images - 1) for place, rest in places]
    shares = torch.tensor(steps, device=device)
    return stations.rows(before).towards(stations.rows(before + 1), shares)


class TurningNoise:
    """The noise of N pictures between one picture and another: numbers turn on a sphere.

    It is computed on the CPU, as `CounterNoise` is.

    Args:
        ends: the noise of one picture, the first, and that of the last; one alone stays.
        shares: float64 (N,), 0 to 1, where on the way each picture is.
        device: where the results go.
        dtype: of normal numbers.
    """

    def __init__(
        self,
        ends: Sequence[Noise],
        shares: Tensor,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self._ends = ends
        self._shares = shares
        self._device = torch.device(device)
        self._dtype = dtype

    def normal(self, shape: Sequence[int], *, stream: str = "", step: int = 0) -> Tensor:
        """Return standard normal numbers (N, *shape)."""
        ends = [noise.normal(shape, stream=stream, step=step)[0] for noise in self._ends]
        between = spherical(ends[0], ends[-1], self._shares.float())
        return self._with_ends(ends, between).to(self._device, self._dtype)

    def uniform(self, shape: Sequence[int], *, stream: str = "", step: int = 0) -> Tensor:
        """Return float32 (N, *shape), uniform in (0, 1): those whose normal numbers turn."""
        ends = [noise.uniform(shape, stream=stream, step=step)[0] for noise in self._ends]
        first, last = (torch.special.ndtri(end.double()) for end in (ends[0], ends[-1]))
        between = torch.special.ndtr(spherical(first, last, self._shares))
        between = between.float().clamp(min=2**-25, max=1 - 2**-24)
        return self._with_ends(ends, between).to(self._device)

    def _with_ends(self, ends: list[Tensor], between: Tensor) -> Tensor:
        """Return what lies between, and at both ends exactly what they have."""
        shares = self._shares.view(-1, *(1,) * ends[0].ndim)
        return torch.where(shares == 0, ends[0], torch.where(shares == 1, ends[-1], between))
