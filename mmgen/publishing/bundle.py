"""Bundle a trained model into its plugin's package, and enter it in the plugin's registry.toml.

    python -m mmgen.publishing.bundle runs/x/model plugins/mmgen-plugin-vae/mmgen_plugin_vae \\
        --name vae-mnist --summary "…" --data MNIST --licence-data "CC BY-SA 3.0"

Small starter weights ride in the plugin's wheel, so that the first run needs no network.
"""

import argparse
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from mmgen.catalogue import INDEX_NAME
from mmgen.pretrained.folder import load_folder, save
from mmgen.publishing.entry import describe_model, enter

MODELS = "models"


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
    enter(package / INDEX_NAME, entry)
    return folder


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m mmgen.publishing.bundle")
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
