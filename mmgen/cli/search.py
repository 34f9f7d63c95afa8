"""`mmgen search`: models of mmgen on the Hub."""

from dataclasses import asdict

import click

from mmgen.cli.output import JSON_OPTION, examples, note, print_json
from mmgen.cli.table import format_table, terminal_width
from mmgen.cli.words import count

HEADINGS = ("REPOSITORY", "TASK", "FAMILY", "DOWNLOADS", "LIKES", "PLUGIN")


@click.command("search", epilog=examples("mmgen search digits", "mmgen search --limit 100 --json"))
@click.argument("words", nargs=-1)
@click.option(
    "--limit", type=click.IntRange(min=1), default=30, show_default=True, help="At most so many."
)
@JSON_OPTION
def command(words: tuple[str, ...], limit: int, as_json: bool) -> None:
    """Look for models on the Hub, the most used first.

    WORDS are looked for in the names of repositories. The zoo's own models: mmgen list.
    """
    from mmgen.hub.search import search_hub

    found = search_hub(words, limit=limit)
    if as_json:
        print_json([asdict(model) for model in found])
        return
    if not found:
        note("no model of mmgen on the Hub matches; the zoo's own: mmgen list")
        return
    rows = [
        (
            model.repo,
            model.task or "-",
            model.family or "-",
            count(model.downloads),
            count(model.likes),
            model.status,
        )
        for model in found
    ]
    click.echo(format_table(HEADINGS, rows, terminal_width(), wrap=True))
