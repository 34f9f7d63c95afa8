"""Checks of what `generate` makes: pictures of the right kind, the same ones again."""

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from mmgen.interfaces import Generator, Samples
from mmgen.slots import Size
from mmgen.testing.case import GeneratorCase, check
from mmgen.testing.outcome import (
    NotApplicable,
    demand,
    demand_alike,
    demand_identical,
    demand_pictures,
)
from mmgen.testing.values import CLASSES, TEXTS, all_inputs, required_inputs, values_for
from mmgen.walking import walk

_LARGE_PX = 128


@check
def check_pictures(case: GeneratorCase) -> None:
    """`generate` returns N float32 pictures of the model's size in [0, 1], with a recipe."""
    for name, config in case.configs():
        model = case.build(config)
        check_size(name, model.size)
        count = 2 if name == "large" else 3
        samples = case.draw(model, count, batch_size=2, **required_inputs(model, count))
        demand(isinstance(samples, Samples), f"{name}: generate must return Samples")
        demand_pictures(samples.images, _shape(model, samples.images, count), f"{name}: pictures")
        recipe = json.loads(json.dumps(samples.recipe))
        demand(recipe == samples.recipe, f"{name}: the recipe must be the same after JSON")


def check_size(name: str, size: Size) -> None:
    """Demand that a config of the case is what its name says."""
    shown = f"{size.width}×{size.height}, {size.channels} channels"
    if name == "colour":
        demand(size.channels == 3, f"colour: the model must have 3 channels; got {shown}")
    if name == "non_square":
        demand(size.height != size.width, f"non_square: the sides must differ; got {shown}")
    if name == "large":
        sides = min(size.height, size.width)
        demand(sides >= _LARGE_PX, f"large: sides of at least {_LARGE_PX} px; got {shown}")


def _shape(model: Generator, images: Tensor, count: int) -> tuple[int, ...]:
    size = model.size
    picture = (size.channels, size.height * size.scale, size.width * size.scale)
    frames = (images.shape[1],) if isinstance(images, Tensor) and images.ndim == 5 else ()
    return (count, *frames, *picture)


@check
def check_same_seed_same_pictures(case: GeneratorCase) -> None:
    """Picture i depends on seed, i and what is given for it: not on the batch or torch's seed."""
    model = case.build()
    for given in (required_inputs(model, 5), all_inputs(model, 5)):
        _check_same_pictures(case, model, given)


def _check_same_pictures(case: GeneratorCase, model: Generator, given: dict[str, Any]) -> None:
    whole = case.draw(model, 5, batch_size=5, **given).images
    torch.manual_seed(1234)
    again = case.draw(model, 5, batch_size=5, **given).images
    demand_identical(whole, again, "the same call must give the same pictures, bit for bit")
    for size in (1, 2):
        parts = case.draw(model, 5, batch_size=size, **given).images
        demand_alike(
            whole, parts, case.tolerance, f"batch_size={size} must give the pictures of one batch"
        )
    rows = [3, 1]
    theirs = {
        slot: value[rows] if isinstance(value, Tensor) else [value[row] for row in rows]
        for slot, value in given.items()
    }
    few = case.draw(model, 2, indices=rows, **theirs).images
    demand_alike(whole[rows], few, case.tolerance, "indices=[3, 1] must give pictures 3 and 1")


@check
def check_seeds_differ(case: GeneratorCase) -> None:
    """Pictures of other seeds, and of one batch, are other pictures."""
    if not case.random:
        raise NotApplicable(f"{case.architecture} draws nothing at random")
    model = case.build()
    given = {name: value[:1] for name, value in required_inputs(model, 1).items()}
    images = case.draw(model, 4, **given).images
    other = case.draw(model, 4, **{**given, "seed": 1}).images
    demand(not torch.equal(images, other), "another seed must give other pictures")
    for row in range(1, 4):
        demand(
            not torch.equal(images[0], images[row]),
            f"pictures of one call must differ; 0 and {row} are equal",
        )


@check
def check_walk(case: GeneratorCase) -> None:
    """A walk begins and ends with what `generate` draws, and is the same in any batch."""
    model = case.build()
    given = {**case.options, **required_inputs(model, 1)}
    labels, texts = list(CLASSES[:2]), list(TEXTS[:2])
    stations = {**given, "label": labels, "text": texts}
    ways = [walk(model, 5, seed=0, to_seed=1, batch_size=size, **stations) for size in (5, 2)]
    for seed, at in ((0, 0), (1, -1)):
        told = {"seed": seed, "label": labels[at], "text": texts[at]}
        end = case.draw(model, 1, **{**given, **told}).images
        demand_alike(ways[0].images[at][None], end, case.tolerance, "a walk's ends must be drawn")
    demand_alike(
        ways[0].images, ways[1].images, case.tolerance, "a walk must be the same in any batch"
    )


@check
def check_threads(case: GeneratorCase) -> None:
    """`generate` is thread-safe: threads draw what one call after another draws."""
    model = case.build()
    seeds = range(4)
    labels = ["round", "square", "odd", None]
    given = required_inputs(model, 2)

    def draw(seed: int) -> Tensor:
        return case.draw(model, 2, **{**given, "seed": seed, "label": labels[seed]}).images

    alone = [draw(seed) for seed in seeds]
    for _ in range(2):
        together: dict[int, Tensor] = {}
        errors: list[BaseException] = []
        start = threading.Barrier(len(seeds))

        def work(
            seed: int,
            together: dict[int, Tensor] = together,
            errors: list[BaseException] = errors,
            start: threading.Barrier = start,
        ) -> None:
            try:
                start.wait()
                together[seed] = draw(seed)
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=work, args=(seed,)) for seed in seeds]
        with _frequent_switches():
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        demand(not errors, f"generate failed in a thread: {errors[:1]}")
        for seed in seeds:
            demand_alike(
                alone[seed],
                together[seed],
                case.tolerance,
                f"seed {seed} must give the same pictures while other threads generate",
            )


@contextmanager
def _frequent_switches() -> Iterator[None]:
    """Let Python change threads as often as it can, so that races show."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)


@check
def check_half_precision(case: GeneratorCase) -> None:
    """A model in bfloat16 makes pictures too; the result is float32."""
    if case.half_precision:
        raise NotApplicable(case.half_precision)
    model = case.build().to(torch.bfloat16)
    images = case.draw(model, 2, label="odd", **required_inputs(model, 2)).images
    demand_pictures(images, _shape(model, images, 2), "pictures of a bfloat16 model")


@check
def check_tiles_are_seamless(case: GeneratorCase) -> None:
    """A picture made in tiles is the picture made at once: the receptive field is true."""
    model = case.build()
    field, size = model.receptive_field, model.size
    if field is None or not model.spatial_slots or size.fixed:
        raise NotApplicable(f"{case.architecture} declares no receptive field")
    step = size.multiple_of or 1
    side = -(-(3 * field + 64) // step) * step
    large = replace(size, height=side, width=side + step)
    given = {slot.name: values_for(slot, large, 1) for slot in model.spatial_slots}
    model.tile_px = side // 2
    tiled = case.draw(model, 1, **given).images
    model.receptive_field = None
    whole = case.draw(model, 1, **given).images
    demand_alike(tiled, whole, case.tolerance, "tiles must not show in a large picture")
