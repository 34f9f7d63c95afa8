"""`mmgen compare`: several models side by side, under one protocol."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mmgen.cli.evaluate import find_measured, sort_settings, without_name
from mmgen.cli.output import JSON_OPTION, examples, note, print_json
from mmgen.cli.progress import progress_bar
from mmgen.cli.request import parse_pairs
from mmgen.cli.table import format_table, terminal_width
from mmgen.cli.target import note_size
from mmgen.media.targets import check_output
from mmgen.options import MOST_SEED
from mmgen.plugins import manager

if TYPE_CHECKING:
    from mmgen.metrics.comparison import Comparison, Contestant
    from mmgen.metrics.result import MetricResult


_MOST_COLUMNS = 6
"""Figures beside each other; more of them stand below each other."""


@click.command(
    "compare",
    epilog=examples(
        "mmgen compare vae-mnist ./runs/mine --data ./mnist --metric reconstruction",
        "mmgen compare vae-fashion ./runs/a ./runs/b --data ./fashion --metric nll -o page.html",
    ),
)
@click.argument("models", metavar="MODEL…", nargs=-1, required=True)
@click.option("--data", required=True, metavar="D", help="A folder, file or Hub name of pictures.")
@click.option(
    "--metric", "metrics", multiple=True, required=True, metavar="M", help="As nll; mmgen info M."
)
@click.option("--split", default="test", show_default=True, help="The part of the data.")
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=V", help="An option of a metric or the data."
)
@click.option(
    "-n", "num_samples", type=click.IntRange(min=1), default=20, show_default=True,
    help="Pictures of each on the page.",
)  # fmt: skip
@click.option(
    "--seed", type=click.IntRange(0, MOST_SEED), default=0, show_default=True, help="Of those."
)
@click.option("--device", metavar="D", help="cpu, cuda, …  [default: a GPU, if there is one]")
@click.option("--yes", is_flag=True, help="Install official plugins that are missing.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="PAGE.html",
    help="Write a page with the pictures side by side.",
)
@click.option("--force", is_flag=True, help="Replace what exists.")
@JSON_OPTION
def command(
    models: tuple[str, ...],
    data: str,
    metrics: tuple[str, ...],
    split: str,
    settings: tuple[str, ...],
    num_samples: int,
    seed: int,
    device: str | None,
    yes: bool,
    output: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Measure several models under one protocol.

    Data and options are the same for all. The table holds each model's figures with their
    intervals or standard errors, its parameters and how many pictures it draws in a second. What
    was not the same for all is said below it; so is what a model cannot do. MODEL is a name from
    mmgen list, a folder, the folder of a training run, or a Hub repository.
    """
    chosen = [manager().metric(name) for name in metrics]
    targets = [find_measured(model, install=yes) for model in models]
    if output is not None:
        check_output(output, force=force)
    of_data, of_metrics = sort_settings(parse_pairs(settings, "--set"), chosen)
    for target in targets:
        note_size(target)

    import torch

    from mmgen.data import DataOptions, load
    from mmgen.metrics.comparison import compare

    with progress_bar("reading pictures") as progress:
        pictures = load(data, split, DataOptions.build(of_data), progress=progress)
    for line in pictures.notes:
        note(line)
    with progress_bar("measuring") as progress:
        comparison = compare(
            [target.name for target in targets],
            pictures,
            metrics,
            options={
                f"{name}.{key}": v for name, table in of_metrics.items() for key, v in table.items()
            },
            device=device or ("cuda" if torch.cuda.is_available() else "cpu"),
            num_samples=num_samples,
            seed=seed,
            progress=None if progress is None else without_name(progress),
        )
    if pictures.left_out:  # said last: of a large set they are found as they are measured
        note(pictures.left_out)
    if output is not None:
        from mmgen.cli.page import write_page

        write_page(output, comparison)
        note(f"wrote {output}")
    if as_json:
        print_json(comparison.to_dict())
        return
    click.echo(format_table(*tabulate(comparison), terminal_width()))
    for line in remarks(comparison):
        note(line)


def tabulate(comparison: "Comparison") -> tuple[list[str], list[list[str]]]:
    """Return the headings and one row per model; one per figure where there are many figures."""
    names = comparison.figure_names
    units = [_unit(comparison, name) for name in names]
    headings = [
        f"{name} ({unit})" if unit else name for name, unit in zip(names, units, strict=True)
    ]
    rows = [
        [
            one.name,
            *(_cell(one.figure(name)) for name in names),
            f"{one.num_parameters:,}",
            _speed(one),
        ]
        for one in comparison.contestants
    ]
    table = [["model", *headings, "parameters", "pictures/s"], *rows]
    if len(names) > _MOST_COLUMNS:
        table = [list(row) for row in zip(*table, strict=True)]
    return table[0], table[1:]


def remarks(comparison: "Comparison") -> Iterator[str]:
    """Yield what the table does not say: the data, what differs, what a model cannot do."""
    yield (
        f"{comparison.num_images:,} pictures of {comparison.data}, {comparison.split}; "
        f"on {comparison.device}"
    )
    yield from comparison.differences()
    for one in comparison.contestants:
        for metric, why in one.refusals.items():
            yield f"{one.name} has no {metric}: {why}"


def _unit(comparison: "Comparison", name: str) -> str:
    found = [figure.unit for one in comparison.contestants if (figure := one.figure(name))]
    return found[0]


def _cell(figure: "MetricResult | None") -> str:
    if figure is None:
        return "–"
    value = f"{figure.value:.5g}"
    if figure.standard_error is not None:
        return f"{value} ± {figure.standard_error:.2g}"
    if figure.interval is not None:
        return value + " ({:.4g} to {:.4g})".format(*figure.interval)
    return value


def _speed(one: "Contestant") -> str:
    return "–" if one.pictures_per_second is None else f"{one.pictures_per_second:,.0f}"
