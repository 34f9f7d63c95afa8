"""Bundle a trained model into its plugin's package, and enter it in the plugin's registry.toml.

    python -m mmgen.pretrained.bundle runs/x/model plugins/mmgen-plugin-vae/mmgen_plugin_vae \\
        --name vae-mnist --summary "…" --data MNIST --licence-data "CC BY-SA 3.0"

Small starter weights ride in the plugin's wheel, so that the first run needs no network.
"""

import argparse
import json
import shutil
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from mmgen.catalogue import INDEX_NAME, SCHEMA
from mmgen.catalogue_index import write_toml
from mmgen.interfaces.encoder import Encoder
from mmgen.interfaces.generator import Generator
from mmgen.interfaces.model import Model
from mmgen.plugins import manager
from mmgen.pretrained.folder import load_folder, save
from mmgen.pretrained.reference import file_sha256

MODELS = "models"


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


def bundle(
    source: Path,
    package: Path,
    *,
    name: str,
    summary: str,
    data: str,
    licence: dict[str, str],
    figures: Sequence[dict[str, Any]] = (),
    half: bool = True,
) -> Path:
    """Copy a model into a plugin's package and write its catalogue entry.

    Args:
        source: a saved model, as training leaves it.
        package: the plugin's package, which holds registry.toml.
        licence: of code, weights and data.
        figures: measured ones: name, value, unit, protocol, standard_error.
        half: store the weights in half precision.

    Returns:
        The folder in the package.
    """
    model = load_folder(source)
    folder = package / MODELS / name
    save(model, folder, dtype=torch.float16 if half else None)
    for extra in ("training.json", "README.md"):
        if (source / extra).is_file():
            shutil.copyfile(source / extra, folder / extra)
    entry: dict[str, Any] = {
        "name": name,
        "summary": summary,
        "data": data,
        "licence": licence,
    }
    entry |= describe_model(model, folder) | {"folder": f"{MODELS}/{name}"}
    entry["figures"] = [*figures]
    _enter(package / INDEX_NAME, entry)
    return folder


def _enter(path: Path, entry: dict[str, Any]) -> None:
    table = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    models = [model for model in table.get("models", []) if model["name"] != entry["name"]]
    models = sorted([*models, entry], key=lambda model: model["name"])
    text = write_toml({"schema": SCHEMA} | table | {"models": models})
    path.write_text(text, encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m mmgen.pretrained.bundle")
    parser.add_argument("source", type=Path, help="folder of the saved model")
    parser.add_argument("package", type=Path, help="the plugin's package folder")
    parser.add_argument("--name", required=True, help="the model's name in the catalogue")
    parser.add_argument("--summary", required=True)
    parser.add_argument("--data", required=True, help="what it was trained on")
    parser.add_argument("--licence-code", default="Apache-2.0")
    parser.add_argument("--licence-weights", default="Apache-2.0")
    parser.add_argument("--licence-data", required=True)
    parser.add_argument("--figures", type=Path, help="JSON list of measured figures")
    parser.add_argument("--full-precision", action="store_true")
    asked = parser.parse_args(arguments)
    folder = bundle(
        asked.source,
        asked.package,
        name=asked.name,
        summary=asked.summary,
        data=asked.data,
        licence={
            "code": asked.licence_code,
            "weights": asked.licence_weights,
            "data": asked.licence_data,
        },
        figures=json.loads(asked.figures.read_text("utf-8")) if asked.figures else [],
        half=not asked.full_precision,
    )
    print(folder)


if __name__ == "__main__":
    main()
