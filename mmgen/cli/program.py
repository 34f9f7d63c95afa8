"""The top of the command line: which commands there are, and what becomes of errors."""

import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any

import click

import mmgen
from mmgen.cli.commands import CommandGroup
from mmgen.errors import MmgenError, MmgenWarning

_usual_showwarning = warnings.showwarning

FAILURE, USAGE, INTERRUPTED, NOBODY_READS = 1, 2, 130, 141

_EPILOG = """\b
Examples:
  mmgen list --accepts text
  mmgen run vae-mnist --label 7 -n 16 --seed 0 -o sevens.png

\b
Exit codes:
  0    done
  1    it failed; the last line on stderr says why
  2    the command was not understood
  130  interrupted
  141  nobody reads the output any more (a closed pipe)
Other codes are said in the help of the command that has them."""


@click.group(
    cls=CommandGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=_EPILOG,
)
@click.version_option(mmgen.__version__, prog_name="mmgen", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of an error (or MMGEN_DEBUG=1).")
def program(debug: bool) -> None:
    """A zoo of image generators.

    Results go to stdout; progress and messages to stderr.
    """
    if debug:
        os.environ["MMGEN_DEBUG"] = "1"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    warnings.showwarning = _show_warning
    try:
        code = _invoke(list(sys.argv[1:] if arguments is None else arguments))
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt, EOFError):
        click.echo("\ninterrupted", err=True)  # the terminal's ^C stands in this line
        return INTERRUPTED
    except BrokenPipeError:
        return _leave_quietly()
    except Exception as error:
        if _debugging():
            raise
        click.echo(_one_line(error), err=True)
        return error.exit_code if isinstance(error, MmgenError) else FAILURE
    return code if isinstance(code, int) else 0


def _invoke(arguments: list[str]) -> object:
    """Call the command; return what it returns: an exit code, or None."""
    if "_MMGEN_COMPLETE" in os.environ:
        program.main(arguments, prog_name="mmgen")  # a shell asks for completions; does not return
    try:
        # Not click's own main(): it makes exit code 1 of a closed pipe.
        with program.make_context("mmgen", arguments) as context:
            return program.invoke(context)
    except click.exceptions.Exit as finished:
        return finished.exit_code


def _show_warning(
    message: Warning | str, category: type[Warning], *where: Any, **further: Any
) -> None:
    """Say what mmgen warns of in one line; leave the others' warnings as they are."""
    if issubclass(category, MmgenWarning):
        click.echo(f"mmgen: {message}", err=True)
    else:
        _usual_showwarning(message, category, *where, **further)


def _debugging() -> bool:
    return os.environ.get("MMGEN_DEBUG", "") not in ("", "0")


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    if isinstance(error, MmgenError):
        return f"mmgen: {text}"
    if isinstance(error, OSError):
        return f"mmgen: {text} (the traceback: mmgen --debug …)"
    return (
        f"mmgen: unexpected {type(error).__name__}: {text}; "
        "please report it with the traceback that mmgen --debug … shows"
    )


def _leave_quietly() -> int:
    """Keep the interpreter from complaining, when it ends, that stdout cannot be flushed."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return NOBODY_READS
