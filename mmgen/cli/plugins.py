"""`mmgen plugins`: show, install, remove and begin plugins."""

from pathlib import Path

import click

from mmgen.catalogue import catalogue
from mmgen.cli.commands import plugin_commands
from mmgen.cli.output import JSON_OPTION, examples, note, print_json
from mmgen.cli.table import format_table, terminal_width
from mmgen.errors import (
    InputError,
    NotInstalledError,
    PluginError,
    UnknownNameError,
    did_you_mean,
)
from mmgen.plugins import Plugin, manager
from mmgen.scaffold import KINDS, write_plugin

NEW_KINDS = tuple(kind for kind in KINDS if kind != "minimal")  # which is a generator
HEADINGS = ("NAME", "DISTRIBUTION", "VERSION", "FAMILIES", "MODELS", "STATUS")


@click.group(
    "plugins",
    invoke_without_command=True,
    epilog=examples(
        "mmgen plugins",
        "mmgen plugins --json",
        "mmgen plugins install gan",
        "mmgen plugins uninstall gan",
        "mmgen plugins new swirl",
        "mmgen plugins check swirl",
    ),
)
@JSON_OPTION
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Show, install, remove, begin and check plugins.

    Without a command: those installed, broken ones with the reason, and those of the zoo's index
    that are not installed.
    """
    if ctx.invoked_subcommand is None:
        _show(as_json)


@command.command("list", epilog=examples("mmgen plugins list", "mmgen plugins list --json"))
@JSON_OPTION
def show(as_json: bool) -> None:
    """Show the plugins."""
    _show(as_json)


def _show(as_json: bool) -> None:
    plugin_commands()  # a plugin whose commands fail is broken too
    rows = [_describe(plugin) for plugin in manager().plugins] + _missing()
    if as_json:
        print_json(rows)
        return
    cells = [
        (
            str(row["name"]),
            str(row["distribution"]),
            str(row["version"] or "-"),
            ", ".join(row["families"]) or "-",
            str(len(row["models"])),
            str(row["status"]),
        )
        for row in rows
    ]
    click.echo(format_table(HEADINGS, cells, terminal_width(), wrap=True))


def _describe(plugin: Plugin) -> dict:
    models = [
        entry.name
        for entry in catalogue().entries
        if entry.installed and entry.plugin == plugin.distribution
    ]
    return {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "families": [family.name for family in plugin.families],
        "models": models,
        "installed": True,
        "status": plugin.status,
    }


def _missing() -> list[dict]:
    """Return the official plugins that are not installed."""
    installed = {plugin.distribution for plugin in manager().plugins}
    families = catalogue().index.families
    rows = []
    for distribution in dict.fromkeys(family["plugin"] for family in families.values()):
        if distribution in installed:
            continue
        names = [name for name, family in families.items() if family["plugin"] == distribution]
        models = [entry.name for entry in catalogue().entries if entry.plugin == distribution]
        rows.append(
            {
                "name": distribution.removeprefix("mmgen-plugin-"),
                "distribution": distribution,
                "version": None,
                "families": names,
                "models": models,
                "installed": False,
                "status": f"not installed: pip install {distribution}",
            }
        )
    return rows


@command.command(
    "new",
    epilog=examples(
        "mmgen plugins new swirl",
        "mmgen plugins new my-flow --minimal -o plugins/my-flow",
        "mmgen plugins new eyes --kind encoder",
        "mmgen plugins new roughness --kind metric",
        "mmgen plugins new shapes --kind dataset",
    ),
)
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice(NEW_KINDS),
    default=NEW_KINDS[0],
    show_default=True,
    help="What it brings.",
)
@click.option("--minimal", is_flag=True, help="A generator in as few lines as may be.")
@click.option("-o", "--output", metavar="FOLDER", help="Default: mmgen-plugin-NAME.")
@JSON_OPTION
def new(name: str, kind: str, minimal: bool, output: str | None, as_json: bool) -> None:
    """Write a new plugin: a distribution that installs, works and passes its tests as it stands.

    NAME is its family's, metric's or data set's, in small letters, digits and hyphens:
    mmgen-plugin-NAME is written. A generator or an encoder of pictures has a network, a trainer,
    a recipe that takes a minute on a CPU, and the tests of the contract; a metric measures
    samples; a data set makes small pictures with labels and captions. What is in them is yours to
    change.
    """
    if minimal and kind != "generator":
        raise click.UsageError(f"--minimal is of generators; got --kind {kind}: leave one out")
    _check_free(name, kind)
    folder = Path(output or f"mmgen-plugin-{name}")
    kind = "minimal" if minimal else kind
    files = write_plugin(name, folder, kind=kind)
    if as_json:
        print_json({"folder": str(folder), "files": [str(file) for file in files]})
        return
    click.echo("\n".join(map(str, files)))
    note(f'next: cd {folder} && pip install -e ".[test]" && pytest && mmgen plugins check {name}')
    note(f"then, as its README.md says: {KINDS[kind].first_use.replace('NAME', name)}")


def _check_free(name: str, kind: str) -> None:
    """Raise InputError where something of that kind, a family or a plugin has the name already."""
    plugins = manager().plugins
    families = [family for _, family in manager().families]
    index = catalogue().index.families
    taken = {"a family": {*(family.name for family in families), *index}}
    if kind == "metric":
        taken["a metric"] = {item.name for plugin in plugins for item in plugin.metrics}
    elif kind == "dataset":
        taken["a data set"] = {item.name for plugin in plugins for item in plugin.datasets}
    else:
        taken["an architecture"] = {
            item.name for family in families for item in family.architectures
        }
    taken["a plugin"] = {
        name.removeprefix("mmgen-plugin-")
        for name in (
            *(plugin.distribution for plugin in plugins if not plugin.broken),
            *(family["plugin"] for family in index.values()),
        )
    }
    for what, known in taken.items():
        if name in known:
            raise InputError(f"{name!r} is {what} of the zoo already; choose another name")


@command.command(
    "check",
    epilog=examples(
        "mmgen plugins check swirl",
        "mmgen plugins check swirl --json",
        "mmgen plugins check swirl --badge contract.svg",
        more="Exit code: 0 where all that could be checked holds, 1 where something does not.",
    ),
)
@click.argument("name")
@click.option(
    "--badge",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.svg",
    help="Write how many sentences hold as a small picture, for a README.",
)
@JSON_OPTION
def check(name: str, badge: Path | None, as_json: bool) -> int:
    """Hold an installed plugin to the contract.

    NAME is the plugin's, a family's or a distribution's. Every architecture is built as small as
    its options allow, drawn from, saved, trained and resumed; every data set is loaded, offline;
    every metric measures a small model. A test with GeneratorCase, EncoderCase, MetricCase or
    DatasetCase, as `mmgen plugins new` writes one, checks the same with what its author chose.
    """
    found = _find(name)
    if found.broken:
        raise PluginError(f"the plugin {found.name!r} cannot be used: {found.broken}")
    if badge is not None and badge.suffix != ".svg":
        raise InputError(f"--badge writes SVG: name a file that ends in .svg; got {str(badge)!r}")
    if badge is not None and not badge.absolute().parent.is_dir():
        raise InputError(f"--badge writes into a folder that is there; {badge.parent} is not")
    try:
        from mmgen.testing.badge import sum_up, write_badge  # torch from here on
        from mmgen.testing.inspection import BROKEN, NOT_ASKED, inspect_plugin
    except ImportError as error:
        fix = "pip install 'mmgen-core[train]'"
        raise NotInstalledError(f"the checks need {error.name}; run: {fix}", fix) from error

    findings = inspect_plugin(found)
    if badge is not None:
        write_badge(findings, badge)
    if as_json:
        print_json({"plugin": found.name, "findings": [item.to_dict() for item in findings]})
    elif not findings:
        note(
            f"{found.name!r} brings no architecture, metric or data set: there is nothing to check"
        )
    else:
        rows = [(item.name, item.outcome, _in_words(item.sentence, item.reason))
                for item in findings]  # fmt: skip
        click.echo(format_table(("NAME", "OUTCOME", "WHAT"), rows, terminal_width(), wrap=True))
        silent = sum(item.outcome == NOT_ASKED for item in findings)
        note(sum_up(findings)[0] + (f"; {silent} more ask nothing here" if silent else ""))
    return int(any(item.outcome == BROKEN for item in findings))


def _in_words(sentence: str, reason: str) -> str:
    return f"{sentence} ({reason})" if sentence and reason else sentence or reason


def _find(name: str) -> Plugin:
    """Return the installed plugin of that name, family or distribution."""
    plugins = manager().plugins
    for plugin in plugins:
        if name in (plugin.name, plugin.distribution, *(item.name for item in plugin.families)):
            return plugin
    names = [plugin.name for plugin in plugins]
    raise UnknownNameError(
        f"no plugin {name!r} is installed{did_you_mean(name, names)}; there are {', '.join(names)}"
    )


@command.command("install", epilog=examples("mmgen plugins install gan"))
@click.argument("name")
def install(name: str) -> None:
    """Install an official plugin.

    NAME is a family, a model or a distribution of the zoo's index; no other name is ever
    installed. This environment's installer does it: pip, or uv.
    """
    from mmgen.cli import installer

    distribution = installer.find_official(name)
    if distribution in {plugin.distribution for plugin in manager().plugins}:
        note(f"{distribution} is installed already")
        return
    installer.install(distribution)
    click.echo(distribution)


@command.command("uninstall", epilog=examples("mmgen plugins uninstall gan --yes"))
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def uninstall(name: str, yes: bool) -> None:
    """Remove an installed plugin.

    NAME is a plugin or its distribution.
    """
    from mmgen.cli import installer

    distribution = installer.find_installed(name)
    if not yes:
        click.confirm(f"Remove {distribution}?", abort=True, err=True)
    installer.uninstall(distribution)
    click.echo(distribution)
