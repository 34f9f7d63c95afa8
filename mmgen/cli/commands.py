"""A click group that imports a command's module only when it is called.

Its help prints a table of its own, so that `mmgen --help` imports no command. Plugins add
commands through the hook `mmgen_commands`; a broken one costs its own commands alone.
"""

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

import click

from mmgen.errors import PluginError, did_you_mean

if TYPE_CHECKING:
    from mmgen.plugins import PluginManager

COMMANDS: dict[str, tuple[str, str]] = {
    "list": ("mmgen.cli.list", "Show the models there are."),
    "info": ("mmgen.cli.info", "Say all about a model, family, architecture or plugin."),
    "run": ("mmgen.cli.run", "Make pictures."),
    "replay": ("mmgen.cli.replay", "Make a picture again from the recipe it holds."),
    "explain": (
        "mmgen.cli.explain",
        "Say which conditions, and which parts of them, moved a picture.",
    ),
    "train": ("mmgen.cli.train", "Train a model on your pictures."),
    "data": ("mmgen.cli.data", "Look at a data set before training on it."),
    "evaluate": ("mmgen.cli.evaluate", "Measure a model on a data set."),
    "compare": ("mmgen.cli.compare", "Measure several models under one protocol."),
    "publish": ("mmgen.cli.publish", "Publish a model on the Hub, in one commit."),
    "search": ("mmgen.cli.search", "Look for models on the Hub, the most used first."),
    "download": ("mmgen.cli.download", "Fetch models, to have them offline."),
    "verify": ("mmgen.cli.verify", "Check the weights that are here, file by file."),
    "lock": ("mmgen.cli.lock", "Pin models for a project, in mmgen.lock."),
    "sync": ("mmgen.cli.sync", "Fetch exactly what mmgen.lock pins."),
    "cache": ("mmgen.cli.cache", "Show and clear the models in the cache."),
    "plugins": ("mmgen.cli.plugins", "Show, install, remove, begin and check plugins."),
    "doctor": ("mmgen.cli.doctor", "Check this installation."),
}
"""Command -> (module with `command`, its one-line help)."""


class CommandGroup(click.Group):
    """The commands of the table, then those of plugins."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names in the table's order, plugins' commands after them."""
        return [*COMMANDS, *sorted(plugin_commands())]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return one command; plugins are asked only for names not in the table."""
        if cmd_name in COMMANDS:
            command: click.Command = import_module(COMMANDS[cmd_name][0]).command
            return command
        return plugin_commands().get(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; an unknown one is a usage error that names the nearest."""
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            self._refuse(ctx, name)
        return super().resolve_command(ctx, args)

    def _refuse(self, ctx: click.Context, name: str) -> NoReturn:
        near = did_you_mean(name, self.list_commands(ctx)) or "."
        raise click.UsageError(f"unknown command {name!r}{near} All commands: mmgen --help", ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the table of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])
        further = plugin_commands()
        if further:
            with formatter.section("Commands of plugins"):
                rows = [(name, further[name].get_short_help_str()) for name in sorted(further)]
                formatter.write_dl(rows)


class _Collector(click.Group):
    """What plugins get in place of the program: they can add, and replace nothing."""

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Take a command with a name of its own."""
        name = name or cmd.name or ""
        if name in COMMANDS or name in self.commands:
            raise PluginError(f"there is a command {name!r} already; choose another name")
        super().add_command(cmd, name)


def plugin_commands() -> dict[str, click.Command]:
    """Return the commands that working plugins add."""
    from mmgen.plugins import manager

    return _collect(manager())


@cache
def _collect(plugins: "PluginManager") -> dict[str, click.Command]:
    collector = _Collector("mmgen")
    plugins.call("mmgen_commands", group=collector)
    return dict(collector.commands)
