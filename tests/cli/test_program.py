"""The top of the command line: commands, exit codes, errors, plugins' commands."""

import subprocess
import sys
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest

from mmgen.cli.commands import COMMANDS
from mmgen.cli.program import main, program
from mmgen.errors import MmgenError, MmgenWarning
from mmgen.hookspecs import hookimpl
from mmgen.plugins import Plugin, manager

from .conftest import environment

Run = Callable[..., Any]
HEAVY = ("torch", "numpy", "rich", "huggingface_hub", "PIL", "safetensors", "importlib.metadata")


def every_command() -> list[tuple[str, ...]]:
    """Return the words of every command, those of groups included."""
    words: list[tuple[str, ...]] = []
    for name, (module, _) in COMMANDS.items():
        command = import_module(module).command
        words.append((name,))
        if isinstance(command, click.Group):
            words += [(name, inner) for inner in command.commands]
    return words


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_of_commands_agrees_with_the_commands(name: str) -> None:
    module, summary = COMMANDS[name]
    command = import_module(module).command
    assert (command.name, command.get_short_help_str(limit=200)) == (name, summary)


@pytest.mark.parametrize("words", every_command(), ids=" ".join)
def test_every_help_shows_an_example(run: Run, words: tuple[str, ...]) -> None:
    result = run(*words, "--help")
    assert result.code == 0
    assert "Example" in result.out
    assert f"mmgen {' '.join(words)}" in result.out.partition("Examples:")[2]


def test_the_help_says_what_exit_codes_mean(run: Run) -> None:
    text = run("--help").out
    for code in ("0 ", "1 ", "2 ", "130 ", "141 "):
        assert f"\n    {code}" in text


@pytest.mark.parametrize(
    "arguments",
    [
        "--help",
        "--version",
        "list",
        "list --json",
        "info tiny-pets",
        "info tiny",
        "info tiny-net --json",
        "plugins",
        "plugins --json",
        "run --help",
        "train --help",
        "evaluate --help",
        "replay --help",
        "explain --help",
        "data check --help",
        "doctor --help",
        "run tiny-pest",
    ],
)
def test_light_commands_import_nothing_heavy(zoo_folder: Path, arguments: str) -> None:
    code = (
        "import sys; from mmgen.cli import main; code = main(sys.argv[1:]); "
        f"print(*[m for m in {HEAVY} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments.split()],
        env=environment(zoo_folder),
        capture_output=True,
        text=True,
    )
    assert done.stderr.splitlines()[-1] == "", done.stderr


def test_help_imports_no_command(zoo_folder: Path) -> None:
    code = (
        "import sys; from mmgen.cli import main; main(['--help']); "
        "from mmgen.cli.commands import COMMANDS; "
        "assert not [m for m, _ in COMMANDS.values() if m in sys.modules]"
    )
    subprocess.run([sys.executable, "-c", code], env=environment(zoo_folder), check=True)


def test_an_unknown_command_is_a_usage_error_with_the_nearest_name(run: Run) -> None:
    result = run("evalute")
    assert (result.code, result.out) == (2, "")
    assert "unknown command 'evalute'; did you mean 'evaluate'?" in result.err


def test_an_unknown_option_is_a_usage_error(run: Run) -> None:
    assert run("list", "--instaled").code == 2


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (MmgenError("the rule\nwas broken"), 1, "mmgen: the rule was broken\n"),
        (OSError(28, "No space left on device"), 1, "mmgen: [Errno 28] No space left on device"),
        (KeyError("x"), 1, "mmgen: unexpected KeyError: 'x'; please report it"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
)
def test_an_error_is_one_line_and_an_exit_code(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, words: str
) -> None:
    monkeypatch.setattr(program.get_command(None, "list"), "callback", raising(error))
    result = run("list")
    assert (result.code, result.out) == (code, "")
    assert result.err.lstrip("\n").startswith(words)
    assert len(result.err.strip().splitlines()) == 1


def raising(error: BaseException) -> Callable[..., None]:
    def callback(**_: Any) -> None:
        raise error

    return callback


def test_an_error_may_bring_its_own_exit_code(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    error = MmgenError("stopped")
    error.exit_code = 143
    monkeypatch.setattr(program.get_command(None, "list"), "callback", raising(error))
    assert run("list").code == 143


def test_a_traceback_is_shown_on_demand(run_process: Run) -> None:
    assert "Traceback" not in run_process("info", "nothing").err
    assert "Traceback" in run_process("--debug", "info", "nothing").err
    assert "Traceback" in run_process("info", "nothing", MMGEN_DEBUG="1").err


def test_a_process_ends_with_the_exit_code_and_keeps_stdout_for_results(run_process: Run) -> None:
    listed = run_process("list")
    assert (listed.code, listed.err) == (0, "")
    assert "tiny-pets" in listed.out
    failed = run_process("info", "tiny-pest")
    assert (failed.code, failed.out) == (1, "")
    assert "did you mean 'tiny-pets'" in failed.err
    assert run_process("list", "--nothing").code == 2


def test_a_closed_pipe_is_quiet(zoo_folder: Path) -> None:
    # The reader is gone before anything is written.
    process = subprocess.Popen(
        [sys.executable, "-m", "mmgen", "list"],
        env=environment(zoo_folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    with process.stderr as errors:
        assert errors.read() == b""
    assert process.wait() == 141


def test_a_plugin_adds_commands(run: Run) -> None:
    assert run("greet").out == "hello\n"
    assert "Commands of plugins:\n  greet" in run("--help").out


class BrokenCommands:
    """A plugin whose commands cannot be had."""

    MMGEN_API = 1

    @staticmethod
    @hookimpl
    def mmgen_commands(group: click.Group) -> None:
        raise RuntimeError("no commands today")


class RivalCommands:
    """A plugin that would replace a command of the core."""

    MMGEN_API = 1

    @staticmethod
    @hookimpl
    def mmgen_commands(group: click.Group) -> None:
        group.add_command(click.Command("list"))


@pytest.mark.parametrize(
    ("module", "why"),
    [
        (BrokenCommands, "mmgen_commands raised RuntimeError: no commands today"),
        (RivalCommands, "there is a command 'list' already"),
    ],
)
def test_a_plugin_with_broken_commands_breaks_nothing_else(run: Run, module: Any, why: str) -> None:
    plugin = Plugin("odd", "odd-plugin", "1.0", module)
    manager().add(plugin)
    assert plugin.status == "ok"
    with warnings.catch_warnings():
        warnings.simplefilter("always")  # as it is outside of tests
        result = run("greet")
    assert result.out == "hello\n"
    assert result.err.startswith("mmgen: plugin 'odd' is broken and left out: mmgen_commands")
    assert "tiny-pets" in run("list").out
    assert why in run("plugins").out


def test_a_warning_of_mmgen_is_one_line_and_others_stay_as_they_are(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    assert main(["--version"]) == 0
    warnings.showwarning("a file was mended", MmgenWarning, "file.py", 7)
    warnings.showwarning("old", DeprecationWarning, "file.py", 7)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "mmgen: a file was mended"
    assert "mmgen: old" not in lines
