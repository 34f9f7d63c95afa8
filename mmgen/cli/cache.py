"""`mmgen cache`: the models that were fetched."""

import time
from dataclasses import asdict

import click

from mmgen.cli.output import JSON_OPTION, examples, note, print_json
from mmgen.cli.table import format_table, terminal_width
from mmgen.cli.words import file_size, listed

HEADINGS = ("REPOSITORY", "COMMIT", "SIZE", "USED", "REFS", "PINNED AS")


@click.group(
    "cache",
    epilog=examples("mmgen cache list", "mmgen cache remove org/name", "mmgen cache prune"),
)
def command() -> None:
    """Show and clear the models in the cache.

    It is the Hub client's own, and what it holds beside models of mmgen is left alone.
    """


@command.command("list", epilog=examples("mmgen cache list", "mmgen cache list --json"))
@JSON_OPTION
def show(as_json: bool) -> None:
    """Show the models in the cache, commit by commit."""
    from mmgen.hub.cache import cached_models

    models = cached_models()
    if as_json:
        print_json([{**asdict(model), "folder": str(model.folder)} for model in models])
        return
    _note_statistics()
    if not models:
        note("no model was fetched yet")
        return
    rows = [
        (
            model.repo,
            model.commit[:12],
            file_size(model.bytes),
            time.strftime("%Y-%m-%d", time.localtime(model.last_used)),
            listed(model.refs, "-"),
            listed(model.pinned, "-"),
        )
        for model in models
    ]
    click.echo(format_table(HEADINGS, rows, terminal_width()))


@command.command("remove", epilog=examples("mmgen cache remove org/name org/other@v1 --yes"))
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove_models(models: tuple[str, ...], yes: bool) -> None:
    """Remove models: all commits of a repository, or one (org/name@revision)."""
    from mmgen.hub.cache import remove, select

    chosen = select(models)
    if not yes:
        names = listed([f"{model.repo}@{model.commit[:12]}" for model in chosen])
        click.confirm(f"Remove {names}?", abort=True, err=True)
    click.echo(f"freed {file_size(remove(chosen))}")


@command.command("prune", epilog=examples("mmgen cache prune", "mmgen cache prune --statistics"))
@click.option("--statistics", is_flag=True, help="Statistics of pictures too: all of them.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def prune(statistics: bool, yes: bool) -> None:
    """Remove what nothing names any more.

    Commits that are no branch or tag, are in no catalogue and in no mmgen.lock that holds here;
    and what broken downloads left. Statistics of pictures, by which metrics are faster a second
    time, go if it is asked for.
    """
    from mmgen.hub.cache import remove, remove_partial, stale
    from mmgen.metrics.statistics_folder import remove_statistics

    old = stale()
    if old and not yes:
        names = listed([f"{model.repo}@{model.commit[:12]}" for model in old])
        click.confirm(f"Remove {names}?", abort=True, err=True)
    freed = remove(old) + remove_partial() + (remove_statistics() if statistics else 0)
    click.echo(f"freed {file_size(freed)}")


def _note_statistics() -> None:
    """Say that there are statistics of pictures beside the models."""
    from mmgen.metrics.statistics_folder import kept_statistics

    sizes = [path.stat().st_size for path in kept_statistics()]
    if sizes:
        note(
            f"beside the models: statistics of pictures, {len(sizes)} in number, "
            f"{file_size(sum(sizes))} (mmgen cache prune --statistics)"
        )
