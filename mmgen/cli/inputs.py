"""The options by which a command takes a model's inputs: --label, --text, …, --input SLOT=V."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from mmgen.cli.request import parse_pairs, read_prompts, resolve_slot
from mmgen.cli.target import Target
from mmgen.slots import REFERENCE

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--label", multiple=True, metavar="L", help="A class, by name or number."),
    click.option(
        "--text", multiple=True, metavar="T", help="What to show, in words; @F: each line of F."
    ),
    click.option("--audio", multiple=True, metavar="F", help="A sound that says what to show."),
    click.option(
        "--image", multiple=True, metavar="F", help="A picture for the model to start from."
    ),
    click.option(
        "--reference", multiple=True, metavar="F", help="A picture that says what to show."
    ),
    click.option("--mask", multiple=True, metavar="F", help="Where to paint (white)."),
    click.option(
        "--input", "inputs", multiple=True, metavar="SLOT=V", help="A value for any input."
    ),
)


def input_options(command: Command) -> Command:
    """Give a command the options."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def read_inputs(
    asked: Mapping[str, Any], target: Target, *, by_kind: bool = True
) -> dict[str, tuple[str, ...]]:
    """Return what was given, by slot.

    Args:
        asked: the command's arguments.
        by_kind: whether --image means the slot of that kind, whatever its name.

    Raises:
        InputError: several slots are of a kind, or a file of texts that cannot be read.
        click.UsageError: an --input that is not SLOT=V.
    """
    inputs: dict[str, list[str]] = {}
    for option in ("label", "text", "audio", "image", REFERENCE, "mask"):
        if asked[option]:
            slot = resolve_slot(option, target) if by_kind else option
            given = read_prompts(asked[option]) if option == "text" else asked[option]
            inputs.setdefault(slot, []).extend(given)
    for slot, value in parse_pairs(asked["inputs"], "--input"):
        inputs.setdefault(slot, []).append(value)
    return {slot: tuple(values) for slot, values in inputs.items()}
