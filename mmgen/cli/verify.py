"""`mmgen verify`: are the weights here those that were pinned?"""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from mmgen.cli.output import JSON_OPTION, examples, note, print_json
from mmgen.cli.table import format_table, terminal_width
from mmgen.cli.words import file_size
from mmgen.errors import LockError

if TYPE_CHECKING:
    from mmgen.hub.lock import Lock

HEADINGS = ("MODEL", "FILES", "SIZE", "RESULT")


@click.command(
    "verify",
    epilog=examples("mmgen verify", "mmgen verify vae-mnist org/name", "mmgen verify --lock"),
)
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@click.option("--lock", is_flag=True, help="Check what mmgen.lock pins; nothing is fetched.")
@JSON_OPTION
def command(models: tuple[str, ...], lock: bool, as_json: bool) -> int:
    """Check the weights that are here, file by file.

    Bundled ones are held to the catalogue, others to what the Hub states of their commit. Without
    MODEL: all bundled ones and all in the cache. The exit code is 1 where one is missing or
    damaged.
    """
    from mmgen.hub.pinning import check_here, check_lock

    found = list(check_lock(_lock(models)) if lock else check_here(models))
    if as_json:
        print_json([asdict(check) for check in found])
    elif found:
        rows = [
            (check.name, str(check.files), file_size(check.bytes), check.trouble or "as pinned")
            for check in found
        ]
        click.echo(format_table(HEADINGS, rows, terminal_width(), wrap=True))
    else:
        note("there is nothing to verify")
    return 1 if any(check.trouble for check in found) else 0


def _lock(models: tuple[str, ...]) -> "Lock":
    from mmgen.hub.lock import active_lock

    lock = active_lock()
    if lock is None:
        raise LockError("there is no mmgen.lock here; make one: mmgen lock MODEL")
    return lock.only(models) if models else lock
