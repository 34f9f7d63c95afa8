"""`mmgen explain`: which conditions, and which parts of them, moved a picture."""

from pathlib import Path
from typing import Any

import click

from mmgen.cli.inputs import input_options, read_inputs
from mmgen.cli.output import DTYPES, examples, note, print_json
from mmgen.cli.places import Places
from mmgen.cli.request import Request, check_request, parse_pairs
from mmgen.cli.target import find_target, note_size
from mmgen.cli.threads import wait_politely
from mmgen.errors import InputError, UnsupportedConditionError, UnsupportedOperationError
from mmgen.media.targets import check_output, picture_format
from mmgen.options import MOST_SEED
from mmgen.weighting import split_weights


@click.command(
    "explain",
    epilog=examples(
        "mmgen explain vae-mnist --label 7 --seed 0 -o why.png",
        'mmgen explain ./runs/spoken/model --text "a thick three" --audio seven.wav',
        'mmgen explain ./runs/spoken/model --text "a three" --label 7 --set weights=text:2',
    ),
)
@click.argument("model")
@input_options
@click.option(
    "--seed", type=click.IntRange(0, MOST_SEED), metavar="S", help="Of the picture's noise."
)
@click.option(
    "--index",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="I",
    help="Which of the seed's pictures.",
)
@click.option(
    "--set", "settings", multiple=True, metavar="OPTION=V", help="An option; mmgen info lists them."
)
@click.option("--device", metavar="D", help="cpu, cuda, …  [default: a GPU, if there is one]")
@click.option("--dtype", type=click.Choice(DTYPES), help="Default: float32.")
@click.option("--batch-size", type=click.IntRange(min=1), metavar="B", help="Pictures at a time.")
@click.option("-o", "--output", metavar="PATH", help="A .png or .webp file.")
@click.option("--force", is_flag=True, help="Replace what exists.")
@click.option("--yes", is_flag=True, help="Install the model's official plugin if it is missing.")
@click.option("--json", "as_json", is_flag=True, help="Print file, figures and recipe as JSON.")
def command(**asked: Any) -> None:
    """Say which conditions, and which parts of them, moved a picture.

    MODEL is a name from mmgen list, a folder (./x) or a Hub repository (org/name[@revision]).

    Draws the picture that mmgen run draws, and draws it again, with the same noise, for every
    subset of the conditions (their shares are exact Shapley values, and add up to 100 %), and
    without each word of a text, window of a sound or cell of a picture. Any family, any encoder.

    Prints the file, and each condition's share of the way from the picture without conditions to
    the picture; a share below 0 pulls the other way. --json has the figures of all parts.
    """
    target = find_target(asked["model"], install=asked["yes"])
    if target.kind == "encoder":
        raise UnsupportedOperationError(f"{target.name!r} is an encoder: it makes no pictures")
    options, weights = split_weights(dict(parse_pairs(asked["settings"], "--set")))
    request = Request(
        inputs=read_inputs(asked, target), options=options, seed=asked["seed"], weights=weights
    )
    if target.complete and not target.slots:
        raise UnsupportedConditionError(
            f"{target.name!r} takes no conditions: its pictures depend on the noise alone"
        )
    if not request.inputs:
        known = f": --{target.slots[0].name} …" if target.complete else ""
        raise InputError(f"nothing was given that could be explained; give a condition{known}")
    check_request(request, target)
    if request.total > 1:
        raise InputError("one picture is explained: give each input one value")
    path = _place(asked["output"], f"{target.stem}-explained", asked["force"])
    note_size(target)
    wait_politely()
    from mmgen.cli import operations  # torch from here on
    from mmgen.cli.progress import progress_bar

    loaded = operations.load_generator(target.name, device=asked["device"], dtype=asked["dtype"])
    arguments = request.arguments()
    del arguments["num_images"]
    with progress_bar("pictures") as progress:
        explanation = operations.explain(
            loaded,
            {**arguments, "index": asked["index"]},
            batch_size=asked["batch_size"],
            progress=progress,
        )
    files = [str(file) for file in explanation.save(path, force=asked["force"])]
    if asked["as_json"]:
        recipe = {k: v for k, v in explanation.recipe.items() if k != "explanation"}
        print_json({"files": files, **explanation.to_dict(), "recipe": recipe})
        return
    click.echo("\n".join(files))
    for slot in explanation.slots:
        click.echo(f"{slot.slot}\t{'-' if slot.share is None else f'{slot.share:.1%}'}")
    note(f"seed {explanation.recipe['seed']}")


def _place(output: str | None, stem: str, force: bool) -> Path:
    """Return the file for the picture, checked; a free name where none was asked."""
    if output is None:
        return Places(kind=None, force=force).check(None, stem, 1)
    path = Path(output)
    picture_format(path)
    check_output(path, force=force)
    return path
