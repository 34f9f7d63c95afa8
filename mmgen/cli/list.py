"""`mmgen list`: the models there are."""

import click

from mmgen.catalogue import Catalogue, ModelEntry, catalogue, weights_present
from mmgen.cli.output import JSON_OPTION, examples, note, print_json
from mmgen.cli.table import format_table, terminal_width
from mmgen.cli.words import count, file_size
from mmgen.errors import UnknownNameError, did_you_mean
from mmgen.plugins import Plugin, manager

HEADINGS = ("NAME", "FAMILY", "TASKS", "TAKES", "SIZE", "PARAMETERS", "STATUS")


@click.command(
    "list",
    epilog=examples(
        "mmgen list",
        "mmgen list digits --accepts label",
        "mmgen list --task text-to-image --installed",
        "mmgen list --json",
    ),
)
@click.argument("words", nargs=-1)
@click.option("--family", default="", metavar="F", help="Only models of this family.")
@click.option("--task", default="", metavar="T", help="Only models for this task.")
@click.option("--accepts", default="", metavar="M", help="Only models that take label, text, …")
@click.option("--installed", is_flag=True, help="Only models whose plugin is installed.")
@JSON_OPTION
def command(
    words: tuple[str, ...], family: str, task: str, accepts: str, installed: bool, as_json: bool
) -> None:
    """Show the models there are.

    Also those of plugins that are not installed, with the command that installs them, and
    plugins that are broken, with the reason. WORDS are looked for in names, summaries, families,
    data and tasks. An input in brackets need not be given.
    """
    models = catalogue()
    _check_filters(models, family, task, accepts)
    found = models.search(words, family=family, task=task, accepts=accepts, installed=installed)
    broken = [item for item in manager().plugins if item.broken]
    if as_json:
        print_json(
            {"models": [describe(item) for item in found], "broken": list(map(_fault, broken))}
        )
        return
    silent = _without_rows(broken, found)
    if not found:
        note("no model matches; all models: mmgen list")
    if not found and not silent:
        return
    rows = [_row(entry) for entry in found] + [_plugin_row(item) for item in silent]
    click.echo(format_table(HEADINGS, rows, terminal_width(), wrap=True))


def _check_filters(models: Catalogue, family: str, task: str, accepts: str) -> None:
    entries = models.entries
    families = {entry.family for entry in entries} | set(models.index.families)
    families |= {item.name for _, item in manager().families}
    tasks = {name for entry in entries for name in entry.tasks}
    modalities = {slot.modality for entry in entries for slot in entry.slots}
    modalities |= {item.name for plugin in manager().plugins for item in plugin.modalities}
    for kind, name, known in (
        ("family", family, families),
        ("task", task, tasks),
        ("modality", accepts, modalities),
    ):
        if name and name not in known:
            near = did_you_mean(name, known) or "."
            every = ", ".join(sorted(known)) or "none"
            raise UnknownNameError(f"unknown {kind} {name!r}{near} Known: {every}")


def _without_rows(broken: list[Plugin], found: list[ModelEntry]) -> list[Plugin]:
    """Return the broken plugins that no model's row speaks of."""
    named = {entry.plugin for entry in found}
    return [plugin for plugin in broken if plugin.distribution not in named]


def _row(entry: ModelEntry) -> tuple[str, ...]:
    takes = ", ".join(slot.name if slot.required else f"[{slot.name}]" for slot in entry.slots)
    return (
        entry.name,
        entry.family,
        ", ".join(entry.tasks),
        takes or "-",
        str(entry.size) if entry.size else "any",
        count(entry.parameters),
        status(entry),
    )


def _plugin_row(plugin: Plugin) -> tuple[str, ...]:
    return (f"({plugin.distribution or plugin.name})", "-", "-", "-", "-", "-", plugin.status)


def status(entry: ModelEntry) -> str:
    """Return whether a model can be used, and what to do or what it costs where it cannot."""
    if not entry.installed or entry.broken:
        return entry.status
    if entry.name in catalogue().shared:
        return catalogue().shared[entry.name]
    return "ready" if weights_present(entry) else f"to download: {file_size(entry.bytes)}"


def describe(entry: ModelEntry) -> dict[str, object]:
    """Return a model as JSON: what `mmgen list` and `mmgen info` say of it."""
    size = entry.size
    return {
        "name": entry.name,
        "kind": entry.kind,
        "family": entry.family,
        "architecture": entry.architecture,
        "summary": entry.summary,
        "tasks": list(entry.tasks),
        "slots": [slot.to_dict() for slot in entry.slots],
        "size": None
        if size is None
        else {
            "channels": size.channels,
            "height": size.height,
            "width": size.width,
            "multiple_of": size.multiple_of,
            "scale": size.scale,
        },
        "parameters": entry.parameters,
        "bytes": entry.bytes,
        "plugin": entry.plugin,
        "installed": entry.installed,
        "weights_present": entry.installed and weights_present(entry),
        "status": status(entry),
        "install_command": entry.install_command,
    }


def _fault(plugin: Plugin) -> dict[str, object]:
    return {"plugin": plugin.name, "distribution": plugin.distribution, "why": plugin.broken}
