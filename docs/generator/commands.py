"""A page for each command: what its `--help` prints."""

import click
from tables import code, link, table

from mmgen.cli.program import program

_WIDTH = 98
"""Of a terminal of 100 columns."""


def pages() -> dict[str, str]:
    """Return path -> Markdown."""
    top = click.Context(
        program, info_name="mmgen", terminal_width=_WIDTH, **program.context_settings
    )
    names = program.list_commands(top)
    found = {f"commands/{name}.md": _page(top, name) for name in names}
    rows = [
        (link(f"{name}.md", f"mmgen {name}"), _command(top, name).get_short_help_str(limit=200))
        for name in names
    ]
    index = ["# Commands", "What `mmgen --help` prints, and a page for each.", _help(top)]
    found["commands/index.md"] = "\n\n".join([*index, table(("command", "what it does"), rows)])
    return found


def _command(context: click.Context, name: str) -> click.Command:
    assert isinstance(context.command, click.Group)
    command = context.command.get_command(context, name)
    assert command is not None
    return command


def _page(top: click.Context, name: str) -> str:
    command = _command(top, name)
    context = click.Context(command, top, info_name=name)
    parts = [f"# mmgen {name}", f"What {code(f'mmgen {name} --help')} prints.", _help(context)]
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            below = click.Context(_command(context, inner), context, info_name=inner)
            parts += [f"## mmgen {name} {inner}", _help(below)]
    return "\n\n".join(parts)


def _help(context: click.Context) -> str:
    return f"```text\n{context.command.get_help(context)}\n```"
