"""What kind of run was asked for: drawn, walked, interpolated or reconstructed pictures."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mmgen.cli.request import Request

if TYPE_CHECKING:
    from mmgen.interfaces import Generator, Samples

_DEFAULT_STEPS = 8


@dataclass(frozen=True)
class Choice:
    """How pictures are made and where they go, for all requests of the command."""

    device: str | None
    dtype: str | None
    batch_size: int | None
    batch_file: Path | None
    reconstruct: bool
    interpolate: tuple[str, str] | None
    walk: bool
    to_seed: int | None
    animate: bool
    output: str | None
    kind: str | None
    force: bool
    as_json: bool


def check_combination(request: Request, choice: Choice) -> None:
    """Raise click.UsageError where options do not go together."""
    modes = {
        "--reconstruct": choice.reconstruct,
        "--interpolate": bool(choice.interpolate),
        "--walk": choice.walk,
        "--batch-file": choice.batch_file is not None,
    }
    given = [name for name, there in modes.items() if there]
    if len(given) > 1:
        raise click.UsageError(f"{' and '.join(given)} do not go together")
    if choice.reconstruct and "image" not in request.inputs:
        raise click.UsageError("--reconstruct needs --image, the picture to reconstruct")
    special = choice.reconstruct or bool(choice.interpolate)
    if special and (request.options or request.seed is not None):
        raise click.UsageError(
            f"{given[0]} takes no --seed, and of --set weights alone: nothing is drawn"
        )
    if choice.interpolate and choice.batch_size is not None:
        raise click.UsageError("--interpolate takes no --batch-size: its pictures are made at once")
    _check_walk(request, choice)
    if choice.reconstruct and request.num_images is not None:
        raise click.UsageError("--reconstruct gives one picture for each --image; leave -n out")


def _check_walk(request: Request, choice: Choice) -> None:
    if choice.to_seed is not None and not choice.walk:
        raise click.UsageError("--to-seed is where a --walk ends; give --walk too")
    stations = max((len(set(values)) for values in request.inputs.values()), default=1)
    if choice.walk and choice.to_seed in (None, request.seed) and stations < 2:
        raise click.UsageError(
            "--walk needs somewhere to go: two values of an input or more, or another --to-seed"
        )
    if choice.walk and request.num_images == 1:
        raise click.UsageError("--walk has at least 2 pictures; got -n 1")
    if choice.animate and choice.batch_file is not None:
        raise click.UsageError("--animate and --batch-file do not go together")
    place = Path(choice.output or "x.png")
    if choice.animate and (not place.suffix or place.is_dir()):
        raise click.UsageError("--animate writes one file: give -o a name in .png or .webp")


def count(request: Request, choice: Choice) -> int:
    """Return how many pictures are written: those of a moving one count as one."""
    if choice.animate:
        return 1
    if choice.interpolate or choice.walk:
        return request.num_images or _DEFAULT_STEPS
    return len(request.inputs["image"]) if choice.reconstruct else request.total


def draw(model: "Generator", request: Request, choice: Choice) -> "Samples":
    """Return what was asked for."""
    from mmgen.cli import operations

    if choice.reconstruct:
        return operations.reconstruct(
            model, request.inputs, batch_size=choice.batch_size, weights=request.weights
        )
    if choice.interpolate:
        steps = request.num_images or _DEFAULT_STEPS
        return operations.interpolate(
            model, choice.interpolate, steps, request.inputs, weights=request.weights
        )
    from mmgen.cli.progress import progress_bar

    work = operations.walk if choice.walk else operations.generate
    arguments = _walk_arguments(request, choice) if choice.walk else request.arguments()
    with progress_bar("pictures") as progress:
        return work(model, arguments, batch_size=choice.batch_size, progress=progress)


def _walk_arguments(request: Request, choice: Choice) -> dict[str, Any]:
    """Return the arguments of `mmgen.walk`: -n counts all its pictures."""
    values = {
        slot: many[0] if len(many) == 1 else list(many) for slot, many in request.inputs.items()
    }
    core = {
        "num_images": request.num_images or _DEFAULT_STEPS,
        "seed": request.seed,
        "to_seed": choice.to_seed,
        "weights": request.weights,
    }
    return core | values | dict(request.options)
