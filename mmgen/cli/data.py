"""`mmgen data`: look at a data set before training on it."""

import click

from mmgen.cli.output import JSON_OPTION, examples, print_json
from mmgen.cli.progress import progress_bar
from mmgen.cli.request import parse_pairs


@click.group("data", epilog=examples("mmgen data check ./pictures"))
def command() -> None:
    """Look at a data set before training on it."""


@command.command(
    "check",
    epilog=examples(
        "mmgen data check ./pictures",
        "mmgen data check archive.npz --set image_shape=1,28,28",
        "mmgen data check ./pictures --json",
        more="Exit code: 1 where a picture is broken, or lies in two splits.",
    ),
)
@click.argument("source", metavar="D")
@click.option("--set", "settings", multiple=True, metavar="KEY=V", help="How it is read.")
@JSON_OPTION
def check(source: str, settings: tuple[str, ...], as_json: bool) -> int:
    """Report on a data set.

    Counts, sizes, channels, labels, captions, exact duplicates, broken files, pictures that lie in
    two splits, and what to set or mend. D is what mmgen train --data takes: a folder of pictures,
    of parquet or of idx files; a .zip, .npz or .parquet file; a Hub data set, org/name.
    """
    options = dict(parse_pairs(settings, "--set"))

    from mmgen.data import DataOptions
    from mmgen.data import check as check_data

    built = DataOptions.build(options)
    with progress_bar("pictures") as progress:
        report = check_data(source, built, progress=progress)
    if as_json:
        print_json(report.to_dict())
    else:
        click.echo(report.to_text())
    return 0 if report.sound else 1
