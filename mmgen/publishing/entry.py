"""A model's entry in the catalogue."""

import json
import tomllib
from pathlib import Path
from typing import Any

from mmgen.catalogue import SCHEMA
from mmgen.catalogue_index import write_toml
from mmgen.errors import ModelFileError
from mmgen.hub.verdicts import file_sha256
from mmgen.interfaces.encoder import Encoder
from mmgen.interfaces.generator import Generator
from mmgen.interfaces.model import Model
from mmgen.plugins import manager

TRAINING_NAME = "training.json"


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
        for path in sorted(folder.rglob("*"))
        if path.name == "config.json" or path.name.startswith("model.safetensors")
    ]
    entry: dict[str, Any] = {
        "kind": "encoder" if isinstance(model, Encoder) else "generator",
        "family": identity.family,
        "architecture": identity.architecture,
        "parameters": model.num_parameters,
        "bytes": sum(file["bytes"] for file in files),
        "tasks": list(architecture.tasks),
        "slots": [],
        "files": files,
    }
    if isinstance(model, Generator):
        size = model.size
        entry["slots"] = [slot.to_dict() for slot in model.slots]
        entry["size"] = {"channels": size.channels, "height": size.height, "width": size.width}
        if size.multiple_of is not None:
            entry["size"]["multiple_of"] = size.multiple_of
        if size.scale != 1:
            entry["size"]["scale"] = size.scale
    return entry


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


def enter(path: Path, entry: dict[str, Any]) -> None:
    """Put an entry into a plugin's registry.toml, in place of an older one of that name."""
    table = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    models = [model for model in table.get("models", []) if model["name"] != entry["name"]]
    models = sorted([*models, entry], key=lambda model: str(model["name"]))
    text = write_toml({"schema": SCHEMA} | table | {"models": models})
    partial = path.with_name(f".{path.name}.part")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
