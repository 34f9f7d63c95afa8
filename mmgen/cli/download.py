"""`mmgen download`: fetch models."""

import click

from mmgen.cli.output import examples, note


@click.command(
    "download",
    epilog=examples("mmgen download vae-mnist", "mmgen download org/name org/other@v2"),
)
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
def command(models: tuple[str, ...]) -> None:
    """Fetch models, to have them offline.

    They are verified, and kept in the Hub client's own cache. MODEL is a name from
    mmgen list, or a Hub repository. Prints the folder of each.
    """
    from mmgen.hub.locate import locate, verify

    for name in models:
        files = locate(name, hear=note)
        verify(files)
        click.echo(files.folder)
