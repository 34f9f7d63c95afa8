"""`mmgen run`: make pictures."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mmgen.cli.inputs import input_options, read_inputs
from mmgen.cli.modes import Choice, check_combination, count, draw
from mmgen.cli.output import DTYPES, examples, note, print_json
from mmgen.cli.places import Places
from mmgen.cli.request import (
    Request,
    check_picture,
    check_request,
    parse_pairs,
)
from mmgen.cli.target import Target, find_target, note_size
from mmgen.cli.threads import wait_politely
from mmgen.media.targets import FORMATS, check_output
from mmgen.options import MOST_SEED
from mmgen.weighting import split_weights

if TYPE_CHECKING:
    from mmgen.interfaces import Generator


@click.command(
    "run",
    epilog=examples(
        "mmgen run vae-mnist --label 7 -n 16 --seed 0 -o sevens.png",
        "mmgen run vae-mnist --label 3 --label 5 -n 100 -o pictures/",
        "mmgen run vae-mnist --image half.png --mask mask.png -n 8",
        "mmgen run vae-mnist --set temperature=0.8 --device cuda",
        "mmgen run vae-mnist --label 7 --set weights=1.5",
        "mmgen run ./runs/cats/model -n 4 -o cats.webp",
        "mmgen run vae-mnist --reconstruct --image mine.png",
        "mmgen run vae-mnist --interpolate a.png b.png -n 10",
        "mmgen run vae-mnist --label 3 --label 8 --walk -n 24 --animate -o way.webp",
        "mmgen run vae-mnist --batch-file jobs.jsonl -o pictures/",
    ),
)
@click.argument("model")
@input_options
@click.option(
    "-n",
    "num_images",
    type=click.IntRange(min=1),
    metavar="N",
    help="Number of pictures; where an input has several values, of each.  [default: 1]",
)
@click.option(
    "--seed", type=click.IntRange(0, MOST_SEED), metavar="S", help="Makes the pictures again."
)
@click.option(
    "--set", "settings", multiple=True, metavar="OPTION=V", help="An option; mmgen info lists them."
)
@click.option("--device", metavar="D", help="cpu, cuda, …  [default: a GPU, if there is one]")
@click.option("--dtype", type=click.Choice(DTYPES), help="Default: float32.")
@click.option("--batch-size", type=click.IntRange(min=1), metavar="B", help="Pictures at a time.")
@click.option(
    "--batch-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="F",
    help="Many requests with one load: a .jsonl or .csv file.",
)
@click.option("--reconstruct", is_flag=True, help="Show what the model makes of each --image.")
@click.option(
    "--interpolate", nargs=2, metavar="A B", help="The way from picture A to picture B in N steps."
)
@click.option(
    "--walk",
    is_flag=True,
    help="The way through all values of an input, or to --to-seed, in N steps.",
)
@click.option(
    "--to-seed", type=click.IntRange(0, MOST_SEED), metavar="S", help="Where a --walk ends."
)
@click.option("--animate", is_flag=True, help="One picture that moves, in place of a grid.")
@click.option("-o", "--output", metavar="PATH", help="A .png or .webp file, or a folder.")
@click.option("--format", "kind", type=click.Choice(FORMATS), help="Of files in a folder.")
@click.option("--force", is_flag=True, help="Replace what exists.")
@click.option("--yes", is_flag=True, help="Install the model's official plugin if it is missing.")
@click.option("--json", "as_json", is_flag=True, help="Print files and recipe as JSON.")
def command(**asked: Any) -> None:
    """Make pictures.

    MODEL is a name from mmgen list, a folder (./x) or a Hub repository (org/name[@revision]).

    A file takes one picture, or all of them as a grid; a folder takes one numbered file a
    picture. Without -o a free name is picked. Either way the names are printed.

    One value of an input serves all pictures; k values give k pictures, or with -n N, N of each.

    --set weights=W says how much what is given counts, --set weights=text:2,label:0.5 how much
    each: 0 as if not given, 1 as it is; more exaggerates, less than 0 goes the other way.

    A batch file has a request per line or row: n, seed, output, inputs and options by name.

    An encoder prints embeddings of its inputs, or the classes of pictures; one of several kinds of
    input how near they are to each other. -o FILE.npz saves them.
    """
    choice = Choice(**{name: asked[name] for name in Choice.__dataclass_fields__})
    target = find_target(asked["model"], install=asked["yes"])
    request = _request(asked, target)
    # Of a model that is not here yet, only what is asked for can tell.
    if target.kind == "encoder" or (not target.kind and str(choice.output).endswith(".npz")):
        _embed(target, request, choice)
        return
    results = _prepare(request, target, choice)
    note_size(target)
    wait_politely()
    from mmgen.cli.operations import load_generator  # torch from here on

    loaded = load_generator(target.name, device=choice.device, dtype=choice.dtype)
    for result in results:
        _make(loaded, result, choice)


def _embed(target: Target, request: Request, choice: Choice) -> None:
    """Run an encoder."""
    asked = {
        "-n": request.num_images is not None,
        "--seed": request.seed is not None,
        "--set": bool(request.options) or request.weights is not None,
        "--reconstruct": choice.reconstruct,
        "--interpolate": choice.interpolate is not None,
        "--walk": choice.walk,
        "--to-seed": choice.to_seed is not None,
        "--animate": choice.animate,
        "--batch-file": choice.batch_file is not None,
        "--format": choice.kind is not None,
    }
    given = [name for name, there in asked.items() if there]
    if given:
        raise click.UsageError(
            f"{target.name!r} is an encoder: it takes no {' and no '.join(given)}"
        )
    for path in request.inputs.get("image", ()):
        check_picture(path)
    place = _npz(choice)
    note_size(target)
    wait_politely()
    from mmgen.cli import embedding, operations  # torch from here on

    model = operations.load_encoder(target.name, device=choice.device, dtype=choice.dtype)
    embedding.embed(
        model, request.inputs, place, batch_size=choice.batch_size, as_json=choice.as_json
    )


def _npz(choice: Choice) -> Path | None:
    """Return the file for embeddings; None where they are printed."""
    if choice.output is None:
        return None
    path = Path(choice.output)
    if path.suffix != ".npz":
        raise click.UsageError(f"an encoder's output is a .npz file; got {choice.output!r}")
    check_output(path, force=choice.force)
    return path


@dataclass(frozen=True)
class _Planned:
    """A request and the place of its pictures, both checked."""

    request: Request
    path: Path


def _request(asked: dict[str, Any], target: Target) -> Request:
    options, weights = split_weights(dict(parse_pairs(asked["settings"], "--set")))
    return Request(
        inputs=read_inputs(asked, target, by_kind=not asked["reconstruct"]),
        options=options,
        num_images=asked["num_images"],
        seed=asked["seed"],
        weights=weights,
    )


def _prepare(request: Request, target: Target, choice: Choice) -> list[_Planned]:
    """Check all that can be checked before anything heavy is imported."""
    check_combination(request, choice)
    places = Places(kind=choice.kind, force=choice.force)
    if choice.batch_file is not None:
        return _prepare_jobs(request, target, choice, places)
    for path in choice.interpolate or ():
        check_picture(path, size=target.size)
    check_request(request, target, free=("image",) if choice.reconstruct else ())
    return [_Planned(request, places.check(choice.output, target.stem, count(request, choice)))]


def _prepare_jobs(
    request: Request, target: Target, choice: Choice, places: Places
) -> list[_Planned]:
    from mmgen.cli.jobs import read_jobs

    assert choice.batch_file is not None
    jobs = read_jobs(choice.batch_file, target, request)
    outputs = [(job.output, job.request.total) for job in jobs]
    paths = places.check_jobs(choice.output, target.stem, outputs)
    return [_Planned(job.request, path) for job, path in zip(jobs, paths, strict=True)]


def _make(model: "Generator", planned: _Planned, choice: Choice) -> None:
    samples = draw(model, planned.request, choice)
    files = samples.save(
        planned.path, format=choice.kind, force=choice.force, animate=choice.animate
    )
    facts = {"files": [str(file) for file in files], "recipe": samples.recipe}
    if choice.as_json and choice.batch_file is not None:
        click.echo(json.dumps(facts, ensure_ascii=False))  # a line for each job
    elif choice.as_json:
        print_json(facts)
    else:
        click.echo("\n".join(facts["files"]))
    if samples.recipe.get("operation", "walk") == "walk":
        note(f"seed {samples.recipe['seed']}")
