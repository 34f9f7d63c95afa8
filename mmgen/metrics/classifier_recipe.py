"""Classifiers of the zoo, trained in passing by a fixed recipe."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mmgen.catalogue import catalogue
from mmgen.data import PictureData
from mmgen.errors import (
    NotInstalledError,
    OptionError,
    PluginError,
    UnknownNameError,
    UnsupportedOperationError,
)
from mmgen.families import Architecture, load_reference
from mmgen.interfaces import Classifies
from mmgen.plugins import manager
from mmgen.training import Settings, TrainingInterrupted, build_settings, read_run_file, train
from mmgen.training.machine import Machine

SMALL_CNN: dict[str, Any] = {
    "architecture": "cnn",
    "model": {"widths": [32, 64, 128], "convolutions": 2},
    "trainer": {"shift": 0.1, "label_smoothing": 0.1},
    "training": {
        "steps": 3000,
        "batch_size": 128,
        "learning_rate": 2e-3,
        "schedule": "cosine",
        "weight_decay": 0.02,
        "ema_decay": 0.99,
    },
}
"""The recipe unless another is named: the tables of a run file."""

_QUIET = {
    "evaluate_every": 0,
    "sample_every": 0,
    "checkpoint_every": 0,
    "tensorboard": False,
    "max_minutes": None,
}


def read_recipe(path: str | Path | None, *, steps: int | None, device: str) -> Settings:
    """Return the settings of a classifier's training; of the small cnn where no file is named.

    Args:
        path: a run file that names its architecture on top; its table [data] is left aside.
        steps: in place of the recipe's.
        device: where to train.
    Raises:
        InputError, OptionError: the file cannot be read, or has a setting that there is not.
        UnsupportedOperationError: its architecture does not classify.
        NotInstalledError: its plugin, or the extra `train`, is missing.
    """
    tables = SMALL_CNN if path is None else read_run_file(path)
    if "architecture" not in tables:
        raise OptionError(
            f"the recipe of a classifier names its architecture; {path} does not: write "
            'architecture = "cnn" on top'
        )
    architecture = find_classifier(tables["architecture"])
    training = {**tables.get("training", {}), **_QUIET, "device": device}
    if steps is not None:
        training["steps"] = steps
    kept = {name: table for name, table in tables.items() if name != "data"}
    data = {"held_out": 0.0}  # no choice is made in a training: its last average is the result
    settings = build_settings(architecture.name, {**kept, "training": training, "data": data})
    Machine(settings.training)  # what it lacks is said now, and not when all pictures are there
    return settings


def find_classifier(name: str) -> Architecture:
    """Return an architecture that classifies and can be trained.

    Raises:
        UnsupportedOperationError: it is something else.
        NotInstalledError: it is known, but its plugin is missing; says the command.
    """
    try:
        _, _, architecture = manager().architecture(name)
    except UnknownNameError:
        plugin = _plugin_of(name)
        broken = {item.distribution: item.broken for item in manager().plugins}.get(plugin, "")
        if broken:
            raise PluginError(f"{name!r} needs {plugin}, which is broken: {broken}") from None
        if not plugin:
            raise
        command = f"pip install {plugin}"
        raise NotInstalledError(f"{name!r} needs {plugin}; run: {command}", command) from None
    network = load_reference(architecture.network)
    if architecture.trainer is None or not hasattr(network, "classify"):
        raise UnsupportedOperationError(
            f"the recipe trains a model that tells classes apart (classify); {name!r} does not, "
            "or cannot be trained"
        )
    return architecture


def _plugin_of(architecture: str) -> str:
    """Return the distribution that brings an architecture, by the zoo's index; or ""."""
    known = {entry.architecture: entry.plugin for entry in catalogue().entries}
    families = {name: item["plugin"] for name, item in catalogue().index.families.items()}
    return (known | families).get(architecture, "")


def train_classifier(settings: Settings, pictures: PictureData, *, seed: int) -> Classifies:
    """Train a classifier on pictures with labels; nothing of the run is left on the disk.

    Raises:
        TrainingError: it diverged.
        TrainingInterrupted: Ctrl-C or SIGTERM.
    """
    settings = replace(settings, training=settings.training.replace(seed=seed))
    with TemporaryDirectory(prefix="mmgen-") as folder:
        try:
            run = train(
                settings.architecture,
                pictures,
                output=folder,
                config=settings.to_dict(),
                progress=False,
            )
        except TrainingInterrupted as stop:
            signal_number = stop.exit_code - 128
            raise TrainingInterrupted(
                "stopped while a classifier was trained; nothing is kept of it", signal_number
            ) from None
        classifier = run.load().to(settings.training.device)
    classifier.eval()
    assert isinstance(classifier, Classifies)
    return classifier
