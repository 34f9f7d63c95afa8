"""Recipes read back from files: whoever made the file may have written anything into it."""

import math
from pathlib import Path
from typing import Any

from mmgen.errors import InputError, UnsupportedOperationError
from mmgen.media.files import read_recipe

RECIPE_FORMAT = 1
OPERATIONS = ("generate", "reconstruct", "interpolate", "walk", "explain")

_TYPES: dict[str, type | tuple[type, ...]] = {
    "format": int,
    "model": dict,
    "seed": int,
    "indices": list,
    "conditions": dict,
    "options": dict,
    "batch_size": int,
    "device": str,
    "dtype": str,
    "versions": dict,
}


def read_checked_recipe(path: Path) -> dict[str, Any]:
    """Return the recipe of a picture, every part of it of the right type.

    Raises:
        InputError: there is none, or it is damaged.
        UnsupportedOperationError: a newer mmgen wrote it.
    """
    recipe = read_recipe(path)
    stated = recipe.get("format")
    if isinstance(stated, int) and stated > RECIPE_FORMAT:
        raise UnsupportedOperationError(
            f"{path}: its recipe has format {stated}, this mmgen reads {RECIPE_FORMAT}; "
            "run pip install --upgrade mmgen-core"
        )
    for key, kind in _TYPES.items():
        if not isinstance(recipe.get(key), kind):
            raise InputError(f"{path}: its recipe is damaged: {key!r} is {recipe.get(key)!r}")
    sound = (
        all(isinstance(index, int) and index >= 0 for index in recipe["indices"])
        and recipe["indices"]
        and all(isinstance(values, list) for values in recipe["conditions"].values())
        and recipe.get("operation", "generate") in OPERATIONS
        and _is_layout(recipe.get("layout") or {})
        and _are_weights(recipe.get("weights") or {})
        and (recipe.get("operation") != "walk" or _is_walk(recipe))
    )
    if not sound:
        raise InputError(f"{path}: its recipe is damaged: indices, conditions, weights or layout")
    return recipe


def _is_layout(layout: Any) -> bool:
    kinds: dict[str, tuple[type, ...]] = {"columns": (int,), "padding": (int,), "animate": (bool,)}
    kinds["frames_per_second"] = (int, float)
    return isinstance(layout, dict) and all(
        type(value) in kinds.get(key, ()) and 0 <= value < 10_000 for key, value in layout.items()
    )


def _is_walk(recipe: dict[str, Any]) -> bool:
    stations = recipe.get("stations")
    return (
        type(recipe.get("steps")) is int
        and 2 <= recipe["steps"] < 1_000_000
        and type(recipe.get("to_seed", "")) in (int, type(None))
        and isinstance(stations, dict)
        and all(isinstance(many, list) for many in stations.values())
    )


def _are_weights(weights: Any) -> bool:
    return isinstance(weights, dict) and all(
        type(weight) in (int, float) and math.isfinite(weight) for weight in weights.values()
    )


def needed_media(recipe: dict[str, Any]) -> list[tuple[str, dict[str, str]]]:
    """Return (slot, {"sha256": …, "file": …}) of each medium that the model was given."""
    given = [*recipe["conditions"].items(), *(recipe.get("stations") or {}).items()]
    needed = [(slot, value) for slot, many in given for value in many if isinstance(value, dict)]
    return needed + [("image", value) for value in recipe.get("ends", [])]
