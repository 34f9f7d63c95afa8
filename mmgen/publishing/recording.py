"""Write measured figures into a saved model's training.json, from which its card is made."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmgen.errors import ModelFileError
from mmgen.local_paths import without_paths
from mmgen.media.files import atomic_file
from mmgen.publishing.entry import TRAINING_NAME, read_training
from mmgen.publishing.measurements import KEY, read_measurements

if TYPE_CHECKING:
    from mmgen.metrics import MetricResult


def record(folder: Path, results: Sequence["MetricResult"]) -> Path:
    """Write figures into the training.json of a saved model; it is whole at any time.

    A figure takes the place of one of the same name that was measured on the same split of the
    same data, with the same judge, of samples drawn under the same conditions, weights of them and
    options. Files and folders of this machine go by their own names.

    Args:
        folder: of the model.

    Returns:
        The file.

    Raises:
        ModelFileError: the folder holds no model, or its training.json is damaged.
        OutputError: it cannot be written to.
    """
    if not (folder / "config.json").is_file():
        raise ModelFileError(
            f"{folder} holds no model: figures are recorded beside its config.json"
        )
    training = read_training(folder)
    figures = [
        {**result.to_dict(), "protocol": without_paths(result.protocol)} for result in results
    ]
    measured = {_identity(figure) for figure in figures}
    kept = [item for item in read_measurements(training) if _identity(item) not in measured]
    path = folder / TRAINING_NAME
    content = {**training, KEY: [*kept, *figures]}
    with atomic_file(path) as file:
        file.write((json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode())
    return path


def _identity(figure: Mapping[str, Any]) -> str:
    """Return what tells a figure from others of a model."""
    protocol = figure.get("protocol")
    protocol = protocol if isinstance(protocol, Mapping) else {}
    keys = ("metric", "data", "split", "extractor", "classifier", "judge")
    sampling = protocol.get("sampling")
    sampling = sampling if isinstance(sampling, Mapping) else {}
    asked = [sampling.get(key) for key in ("conditions", "options", "weights")]
    same = [figure.get("name"), *(protocol.get(key) for key in keys), *asked]
    return json.dumps(same, sort_keys=True)
