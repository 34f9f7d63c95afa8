"""`mmgen sync`: fetch what a project pins."""

from pathlib import Path

import click

from mmgen.cli.output import examples


@click.command("sync", epilog=examples("mmgen sync"))
def command() -> None:
    """Fetch exactly what mmgen.lock pins.

    Prints the name and the folder of each model.
    """
    from mmgen.errors import LockError
    from mmgen.hub.lock import active_lock
    from mmgen.hub.pinning import sync

    lock = active_lock()
    if lock is None:
        raise LockError("there is no mmgen.lock here; make one: mmgen lock MODEL")

    def done(name: str, folder: Path) -> None:
        click.echo(f"{name}\t{folder}")

    sync(lock, done)
