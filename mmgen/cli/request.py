"""A request for pictures: what was asked, checked before anything heavy is imported."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from mmgen.cli.output import note
from mmgen.cli.target import Target
from mmgen.errors import (
    InputError,
    UnsupportedConditionError,
    did_you_mean,
)
from mmgen.plugins import manager
from mmgen.slots import REFERENCE, Size
from mmgen.weighting import Weights, weights_by_slot


@dataclass(frozen=True, kw_only=True)
class Request:
    """What one call of `generate` is asked.

    Attributes:
        inputs: values by slot, as typed: names, words, paths.
        options: of this family's generate, as typed.
        num_images: -n; None where it was not given.
        weights: how much each condition counts; None: as it is.
    """

    inputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    num_images: int | None = None
    seed: int | None = None
    weights: Weights | None = None

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of `generate`: one value for all pictures, or one each.

        Raises:
            InputError: the slots have different numbers of values.
        """
        count, repeat = self._counts()
        values: dict[str, Any] = {
            slot: many[0] if len(many) == 1 else [value for value in many for _ in range(repeat)]
            for slot, many in self.inputs.items()
        }
        core: dict[str, Any] = {"num_images": count, "seed": self.seed}
        if self.weights is not None:
            core["weights"] = self.weights
        return core | values | dict(self.options)

    @property
    def total(self) -> int:
        """How many pictures are asked."""
        return self._counts()[0]

    def _counts(self) -> tuple[int, int]:
        """Return the number of pictures, and of each value."""
        several = {slot: len(many) for slot, many in self.inputs.items() if len(many) > 1}
        if len(set(several.values())) > 1:
            shown = ", ".join(f"{slot}: {number}" for slot, number in several.items())
            raise InputError(f"give each input one value, or equally many; got {shown}")
        values = next(iter(several.values()), 1)
        repeat = self.num_images or 1
        return values * repeat, repeat


def read_prompts(values: Iterable[str]) -> list[str]:
    """Return texts; "@FILE" stands for the lines of a file, "@@…" for a text that begins with @.

    Raises:
        InputError: the file cannot be read, is no text in UTF-8, or has no line.
    """
    texts: list[str] = []
    for value in values:
        if value.startswith("@@"):
            texts.append(value[1:])
        elif value.startswith("@"):
            texts += _lines(Path(value[1:]).expanduser())
        else:
            texts.append(value)
    return texts


def _lines(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise InputError(
            f"--text @{path}: the file cannot be read as texts: {error}; a text that begins with "
            "@ is written with two, as @@home"
        ) from error
    found = [line.strip() for line in lines if line.strip()]
    if not found:
        raise InputError(f"--text @{path}: the file has no text; it takes one a line")
    return found


def check_request(request: Request, target: Target, *, free: Iterable[str] = ()) -> None:
    """Check conditions and options against what is known of the model; open every picture.

    Args:
        free: inputs that are used though they are no slot of the model (--reconstruct's image).

    Raises:
        MmgenError: in words, with what to do.
    """
    _ = request.total
    slots = {slot.name: slot for slot in target.slots}
    for name, values in request.inputs.items():
        slot = slots.get(name)
        if slot is None and target.complete and name not in free:
            raise _refuse(name, target)
        if slot is not None and slot.classes is not None:
            for value in values:
                slot.class_number(value)
        if _is_picture(slot.modality if slot else name):
            for value in values:
                check_picture(value, name, target.size)
    _check_together(request, target, set(free))
    _check_weights(request, target)
    if target.generation is not None:
        target.generation.build(request.options)


def _check_together(request: Request, target: Target, free: set[str]) -> None:
    missing = [
        slot.name for slot in target.slots if slot.required and slot.name not in request.inputs
    ]
    if missing and not free:
        raise UnsupportedConditionError(f"{target.name!r} needs {missing[0]!r}; give it")
    if "mask" in request.inputs and "image" not in request.inputs:
        raise InputError("'mask' says what to paint in a picture; give 'image' with it")


def _check_weights(request: Request, target: Target) -> None:
    """Check weights as far as the catalogue can tell what a model weighs."""
    if not target.complete:
        return
    kinds = {slot.name: manager().modality(slot.modality).kind for slot in target.slots}
    semantic = [slot for slot, kind in kinds.items() if kind == "semantic"]
    named = request.weights if isinstance(request.weights, Mapping) else {}
    if any(slot in kinds and slot not in semantic for slot in named):
        return  # pictures may be seen by an encoder: the loaded model knows
    weights_by_slot(request.weights, semantic, tuple(request.inputs), repr(target.name))


def _refuse(name: str, target: Target) -> UnsupportedConditionError:
    from mmgen.catalogue import catalogue

    has = ", ".join(slot.name for slot in target.slots) or "no conditions"
    modalities = {item.name for plugin in manager().plugins for item in plugin.modalities}
    near = did_you_mean(name, [slot.name for slot in target.slots]) or ";"
    found = catalogue().search(accepts=name)
    others = [entry.name for entry in found if entry.kind == (target.kind or "generator")][:5]
    more = f". Models that do: {', '.join(others) or 'none'}" if name in modalities else ""
    return UnsupportedConditionError(
        f"{target.name!r} does not answer {name!r}{near} it takes {has}{more}"
    )


def _is_picture(modality: str) -> bool:
    return modality in ("image", "mask", REFERENCE)


def check_picture(path: str, slot: str = "image", size: Size | None = None) -> None:
    """Open a picture with Pillow alone; say so where it will be resized.

    Raises:
        InputError: it does not exist, cannot be read, or has a size that the model does not take.
    """
    from mmgen.media.decoding import decode_picture

    picture = decode_picture(path, 3)
    resized = size.accept(picture.height, picture.width, slot) if size else ""
    if resized:
        note(f"{path}: {resized}")


def resolve_slot(option: str, target: Target) -> str:
    """Return the slot that `--label`, `--image`, … means: of that name, or else of that kind.

    Raises:
        InputError: several slots are of that kind.
    """
    names = [slot.name for slot in target.slots]
    if option in names or not target.complete:
        return option
    alike = [slot.name for slot in target.slots if slot.modality == option]
    if len(alike) > 1:
        choice = " or ".join(f"--input {name}=…" for name in alike)
        raise InputError(f"{target.name!r} has several inputs of kind {option}: use {choice}")
    return alike[0] if alike else option


def parse_pairs(pairs: Iterable[str], option: str) -> list[tuple[str, str]]:
    """Return (name, value) of each "name=value".

    Raises:
        click.UsageError: one without "=".
    """
    parsed = []
    for pair in pairs:
        name, found, value = pair.partition("=")
        if not found or not name.strip():
            raise click.UsageError(f"{option} takes NAME=VALUE; got {pair!r}")
        parsed.append((name.strip(), value))
    return parsed
