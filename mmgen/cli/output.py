"""What every command shares: results on stdout, messages on stderr, examples in the help."""

from typing import Any

import click

DTYPES = ("float32", "bfloat16", "float16")
JSON_OPTION = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def examples(*lines: str, more: str = "") -> str:
    """Return the epilogue of a command's help; `more` is a paragraph before the examples."""
    before = f"{more}\n\n" if more else ""
    return before + "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def print_json(value: Any) -> None:
    """Print a result as JSON."""
    import json  # most listings print none

    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def note(message: str) -> None:
    """Say something that is not the result."""
    click.echo(message, err=True)
