"""`mmgen publish`: a model goes to the Hub."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mmgen.cli.output import JSON_OPTION, examples, note, print_json
from mmgen.cli.table import format_table
from mmgen.cli.words import file_size
from mmgen.errors import InputError

if TYPE_CHECKING:
    from mmgen.catalogue import FigureEntry
    from mmgen.publishing import Publication


@click.command(
    "publish",
    epilog=examples(
        "mmgen publish runs/first --to org/name --dry-run",
        "mmgen publish runs/first --to org/name --licence Apache-2.0 --tag v1",
        "mmgen publish vae-mnist --to org/vae-mnist --catalogue",
    ),
)
@click.argument("model", metavar="RUN|FOLDER|MODEL")
@click.option("--to", required=True, metavar="ORG/NAME", help="The repository; made if need be.")
@click.option("--private", is_flag=True, help="Make it private, where it is made.")
@click.option("--revision", metavar="BRANCH", help="Publish on this branch; made if need be.")
@click.option("--tag", metavar="T", help="A name for the new commit, as v1.")
@click.option("--summary", default="", metavar="S", help="One line for the card.")
@click.option("--licence", default="", metavar="L", help="Of the weights, as Apache-2.0.")
@click.option("--dataset", default="", metavar="D", help="What it was trained on, in words.")
@click.option(
    "--figures",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="F",
    help="A JSON list of measured figures: name, value, unit, protocol.",
)
@click.option(
    "--sample",
    "samples",
    multiple=True,
    metavar="SLOT=VALUE",
    help="A condition for the sample picture.",
)
@click.option(
    "--badge",
    type=click.Path(path_type=Path),
    metavar="FILE.svg",
    help="What `mmgen plugins check --badge` wrote, for the card.",
)
@click.option("--dry-run", is_flag=True, help="Show files, card and changes; send nothing.")
@click.option(
    "--catalogue",
    is_flag=True,
    help="Move the plugin's entry to the Hub; the copy of the weights in its package goes.",
)
@JSON_OPTION
def command(
    model: str,
    to: str,
    private: bool,
    revision: str | None,
    tag: str | None,
    summary: str,
    licence: str,
    dataset: str,
    figures: Path | None,
    samples: tuple[str, ...],
    badge: Path | None,
    dry_run: bool,
    catalogue: bool,
    as_json: bool,
) -> None:
    """Publish a model on the Hub, in one commit.

    The model must load and draw its sample picture first. A README.md in the folder keeps its
    words; without one, a model card is written. Afterwards the new commit is read back and
    compared. Prints the entry for the catalogue, with the commit and the sha256 of every file.
    """
    from mmgen.publishing import publish
    from mmgen.publishing.publication import About

    about = About(
        summary=summary,
        dataset=dataset,
        licence=licence,
        figures=_read_figures(figures),
        conditions=_read_samples(samples),
        badge=badge,
    )
    done = publish(
        model,
        to,
        private=private,
        revision=revision,
        tag=tag,
        dry_run=dry_run,
        catalogue=catalogue,
        about=about,
    )
    if done.entry["licence"].get("weights") == "unknown":
        note("the card states no licence, so nobody may use the weights; say it: --licence L")
    if as_json:
        moved = done.move and {key: path and str(path) for key, path in vars(done.move).items()}
        print_json({**asdict(done), "move": moved, "dry_run": dry_run})
    else:
        _show(done, dry_run)


def _read_figures(path: Path | None) -> "tuple[FigureEntry, ...]":
    from mmgen.catalogue import FigureEntry

    if path is None:
        return ()
    try:
        return tuple(FigureEntry(**item) for item in json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"{path} must be a JSON list of figures, each with name, value and protocol, and "
            f"perhaps unit and standard_error: {error}"
        ) from error


def _read_samples(given: tuple[str, ...]) -> dict[str, Any]:
    pairs = [item.partition("=") for item in given]
    for name, sign, _ in pairs:
        if not name or not sign:
            raise click.UsageError("--sample takes SLOT=VALUE, as --sample text='a red bird'")
    return {name: value for name, _, value in pairs}


def _show(done: "Publication", dry_run: bool) -> None:
    from mmgen.catalogue_index import write_toml

    rows = [(change.what, change.path, file_size(change.bytes)) for change in done.changes]
    listing = format_table(("CHANGE", "FILE", "SIZE"), rows)
    moves = "\n".join(_describe_move(done, dry_run))
    if dry_run:
        click.echo(_paragraphs(f"{done.url}: nothing was sent", listing, moves, done.card))
        return
    note(_paragraphs(listing, f"{done.url} at {done.commit}", moves) + "\n")
    click.echo(write_toml({"models": [done.entry]}).strip())


def _paragraphs(*texts: str) -> str:
    return "\n\n".join(text for text in texts if text)


def _describe_move(done: "Publication", dry_run: bool) -> list[str]:
    """Return what became of the catalogue, or would, line by line."""
    if done.move is None:
        return []
    would = "would be " if dry_run else ""
    lines = [f"{would}entered in {done.move.entered}"]
    if done.move.rebuilt is not None:
        lines.append(f"{would}rebuilt: {done.move.rebuilt}")
    if done.move.removed is not None:
        lines.append(f"{would}removed: {done.move.removed}, of no use beside the Hub's")
    return lines
