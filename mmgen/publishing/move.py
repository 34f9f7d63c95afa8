"""A model's entry moves to the Hub, and the copy of its weights in the plugin's package goes."""

import shutil
import tomllib
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmgen.catalogue_index import index_of_checkout, rebuild
from mmgen.errors import InputError, MmgenWarning
from mmgen.plugins import manager
from mmgen.publishing.bundle import MODELS
from mmgen.publishing.entry import enter


@dataclass(frozen=True, kw_only=True)
class Move:
    """What changes in a checkout when a model is entered with its files on the Hub.

    Attributes:
        entered: the plugin's registry.toml, which gets the entry.
        rebuilt: the zoo's index; None where this is no checkout of the zoo.
        removed: the folder of the plugin's package with the weights that nothing uses any more;
            None where there is none.
    """

    entered: Path
    rebuilt: Path | None
    removed: Path | None


def plan_move(family: str, name: str) -> Move:
    """Return what entering a model of a family under a name will change.

    Raises:
        InputError: the plugin that brings the family has no registry.toml.
    """
    registry = find_registry(family)
    return Move(entered=registry, rebuilt=index_of_checkout(), removed=find_unused(registry, name))


def find_registry(family: str) -> Path:
    """Return the registry.toml of the plugin that brings a family.

    Raises:
        InputError: it has none.
    """
    plugin, _ = manager().family(family)
    if plugin.registry is None:
        raise InputError(
            f"{plugin.distribution} has no registry.toml to write the entry into: the catalogue is "
            "written in a checkout of the plugin"
        )
    return plugin.registry


def find_unused(registry: Path, name: str) -> Path | None:
    """Return the bundled folder that is of no use once the model of that name is on the Hub.

    That is the one that its entry names, or one of its name that was left when a move was cut off.
    """
    models = tomllib.loads(registry.read_text(encoding="utf-8")).get("models", [])
    folders = {model["name"]: model.get("folder") for model in models}
    folder = folders.pop(name, None) or f"{MODELS}/{name}"
    package, path = registry.parent.resolve(), (registry.parent / folder).resolve()
    used = [(package / other).resolve() for other in folders.values() if other]
    inside = package in path.parents and not any(path in (p, *p.parents) for p in used)
    return registry.parent / folder if inside and path.is_dir() else None


def make_move(move: Move, entry: dict[str, Any]) -> None:
    """Enter a model whose files are on the Hub, and remove the copy that nothing uses any more.

    In this order: where it is cut off, the model loads all the same.

    Raises:
        PluginError: the entry breaks the schema; nothing was changed.
    """
    enter(move.entered, entry)
    if move.rebuilt is not None:
        rebuild()
    if move.removed is None:
        return
    try:
        shutil.rmtree(move.removed)
    except OSError as error:
        warnings.warn(
            f"{move.removed} is of no use any more and could not be removed ({error}); remove it "
            "yourself, or it stays in the plugin's wheel",
            MmgenWarning,
            stacklevel=2,
        )
