"""`mmgen lock`: pin models for a project."""

from pathlib import Path

import click

from mmgen.cli.output import examples


@click.command(
    "lock",
    epilog=examples(
        "mmgen lock vae-mnist org/name@v1",
        "mmgen lock --remove org/name",
        "mmgen lock vae-mnist -o deploy/mmgen.lock",
    ),
)
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@click.option("--remove", is_flag=True, help="Take the models out of the lock.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="F", help="The file.")
def command(models: tuple[str, ...], remove: bool, output: Path | None) -> None:
    """Pin models for a project, in mmgen.lock.

    By commit and the sha256 of every file. MODEL is a name from mmgen list, or a Hub
    repository, with or without @revision. The lock is the one that holds here, or a new one in
    the working folder. Prints its path.
    """
    from mmgen.errors import LockError
    from mmgen.hub.lock import lock_to_write
    from mmgen.hub.pinning import pin

    lock = lock_to_write(output)
    if remove:
        if not lock.path.is_file():
            raise LockError(f"there is no {lock.path} to take a model out of")
        lock = lock.without(models)
    else:
        lock = pin(models, lock)
    lock.write()
    click.echo(lock.path)
