"""A model's entry in the catalogue."""

import json
import math
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmgen.catalogue import SCHEMA, FigureEntry, catalogue, read_registry
from mmgen.catalogue_index import write_toml
from mmgen.errors import ModelFileError
from mmgen.hub.model_files import model_files
from mmgen.hub.verdicts import file_sha256
from mmgen.interfaces.capabilities import EmbedsTogether
from mmgen.interfaces.encoder import Encoder
from mmgen.interfaces.generator import Generator
from mmgen.interfaces.model import Model
from mmgen.plugins import manager
from mmgen.publishing.measurements import measured_figures

TRAINING_NAME = "training.json"
_FROM_TEXT = "text-to-image"


def describe_model(model: Model, folder: Path) -> dict[str, Any]:
    """Return what the catalogue says of a saved model: slots, size, parameters, files."""
    identity = model.identity
    _, _, architecture = manager().architecture(identity.architecture, identity.family)
    files = [
        {
            "path": path.relative_to(folder).as_posix(),
            "sha256": file_sha256(path),
            "bytes": path.stat().st_size,
        }
        for path in sorted(folder / relative for relative in model_files(folder))
    ]
    entry: dict[str, Any] = {
        "kind": "encoder" if isinstance(model, Encoder) else "generator",
        "family": identity.family,
        "architecture": identity.architecture,
        "parameters": model.num_parameters,
        "bytes": sum(file["bytes"] for file in files),
        "tasks": _tasks(model, architecture.tasks),
        "slots": [],
        "files": files,
    }
    if isinstance(model, EmbedsTogether):
        entry["slots"] = [slot.to_dict() for slot in model.slots]
    elif isinstance(model, Encoder):
        entry["slots"] = [model.slot(model.modality, required=True).to_dict()]
    if isinstance(model, Generator):
        size = model.size
        entry["slots"] = [slot.to_dict() for slot in model.slots]
        entry["size"] = {"channels": size.channels, "height": size.height, "width": size.width}
        if size.multiple_of is not None:
            entry["size"]["multiple_of"] = size.multiple_of
        if size.scale != 1:
            entry["size"]["scale"] = size.scale
    return entry


def _tasks(model: Model, of_architecture: Sequence[str]) -> list[str]:
    """Return the architecture's tasks, of a generator those that its conditions let it do."""
    if not isinstance(model, Generator):
        return list(of_architecture)
    takes_text = any(slot.modality == "text" for slot in model.slots)
    tasks = [task for task in of_architecture if takes_text or task != _FROM_TEXT]
    return [*tasks, _FROM_TEXT] if takes_text and _FROM_TEXT not in tasks else tasks


def read_training(folder: Path) -> dict[str, Any]:
    """Return the content of a model's training.json; {} where there is none.

    Raises:
        ModelFileError: it is not a JSON object.
    """
    path = folder / TRAINING_NAME
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelFileError(f"{path} is not valid JSON: {error}") from error
    if not isinstance(content, dict):
        raise ModelFileError(f"{path} must hold a JSON object")
    return content


def training_dataset(training: dict[str, Any]) -> str:
    """Return the name of the data that a training.json states, or ""."""
    data = training.get("data")
    return str(data.get("name") or "") if isinstance(data, dict) else ""


def training_figures(training: dict[str, Any]) -> tuple[FigureEntry, ...]:
    """Return the figures that a training measured on held-out pictures last, then those recorded.

    See `mmgen.publishing.measurements`.
    """
    return (*_held_out_figures(training), *measured_figures(training))


def _held_out_figures(training: dict[str, Any]) -> tuple[FigureEntry, ...]:
    last = training.get("evaluation")
    if not isinstance(last, dict) or not isinstance(last.get("figures"), dict):
        return ()
    errors = _table(last, "standard_errors")
    where = "held-out pictures"
    if training_dataset(training):
        where += f" of {training_dataset(training)}"
    after = f", after {training['steps']} steps" if "steps" in training else ""
    protocol = f"{last.get('num_pictures', 'some')} {where}{after}"
    watched = _watched(training, where)
    return tuple(
        FigureEntry(
            name=name,
            value=value,
            protocol=f"{watched}{after}" if watched and name not in errors else protocol,
            standard_error=_number(errors.get(name)),
        )
        for name, value in last["figures"].items()
        if _number(value) is not None
    )


def _watched(training: dict[str, Any], where: str) -> str:
    """Return what figures of watched samples stand on; "" where none were watched."""
    config, data = _table(training, "config"), _table(training, "data")
    settings = _table(config, "training")
    if not settings.get("watch_encoder"):
        return ""
    made, real = settings.get("watch_samples"), data.get("num_held_out")
    if isinstance(made, int) and isinstance(real, int):
        where = f"{min(made, real)} {where}"
    return f"{made} samples against {where}; features of {settings['watch_encoder']}"


def _table(content: dict[str, Any], key: str) -> dict[str, Any]:
    found = content.get(key)
    return found if isinstance(found, dict) else {}


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def enter(path: Path, entry: dict[str, Any]) -> None:
    """Put an entry into a plugin's registry.toml, in place of an older one of that name.

    Raises:
        PluginError: the entry breaks the schema; the file stays as it was.
    """
    table = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    models = [model for model in table.get("models", []) if model["name"] != entry["name"]]
    models = sorted([*models, entry], key=lambda model: str(model["name"]))
    text = write_toml({"schema": SCHEMA} | table | {"models": models})
    partial = path.with_name(f".{path.name}.part")
    try:
        partial.write_text(text, encoding="utf-8")
        read_registry(partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    catalogue.cache_clear()
