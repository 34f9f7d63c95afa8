"""The recipe: all that is needed to make the same samples again."""

import platform
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

import mmgen
from mmgen.options import Options

if TYPE_CHECKING:
    from mmgen.interfaces.generator import Generator

RECIPE_FORMAT = 1


def write_recipe(
    model: "Generator",
    indices: Sequence[int],
    seed: int,
    given: Mapping[str, Any],
    conditions: Mapping[str, Any],
    options: Options,
    batch_size: int,
) -> dict[str, Any]:
    """Return the recipe of one call of `generate`; JSON-able.

    Labels and text are kept as they are, pictures and other media by the sha256 of what the
    model was given.
    """
    identity = model.identity
    slots = {slot.name: slot for slot in model.slots}
    return {
        "format": RECIPE_FORMAT,
        "model": model.origin.to_dict() if model.origin else {"name": "", "source": "memory"},
        "family": identity.family,
        "architecture": identity.architecture,
        "seed": seed,
        "indices": list(indices),
        "conditions": {
            name: _describe(values, slots[name].classes, given[name])
            for name, values in conditions.items()
        },
        "options": options.to_dict(),
        "batch_size": batch_size,
        "device": model.device.type,
        "dtype": str(model.dtype).removeprefix("torch."),
        "versions": {
            "mmgen-core": mmgen.__version__,
            identity.distribution or "plugin": identity.version,
            "torch": torch.__version__,
            "python": platform.python_version(),
        },
        "hooks": [],
    }


def _describe(values: Any, classes: tuple[str, ...] | None, given: Any) -> list[Any]:
    """Return one entry per value: a class name, a text, or a hash with the file's name."""
    if classes is not None:
        return [classes[number] for number in values.tolist()]
    if not isinstance(values, Tensor):
        values = list(values)
        if all(isinstance(value, str) for value in values):
            return values
    names = _file_names(given, len(values))
    return [
        {"sha256": media_hash(value), **({"file": name} if name else {})}
        for value, name in zip(values, names, strict=True)
    ]


def _file_names(given: Any, count: int) -> list[str]:
    many = list(given) if isinstance(given, list | tuple) else [given]
    if len(many) != count:
        return [""] * count
    return [Path(item).name if isinstance(item, str | Path) else "" for item in many]


def media_hash(value: Tensor) -> str:
    """Return the sha256, in hex, of a picture's 8-bit values or of another medium's floats."""
    if value.ndim == 3:
        value = value.mul(255).round().to(torch.uint8)
    return sha256(value.contiguous().numpy().tobytes()).hexdigest()
