"""Training: the loop for every family, its settings, and the folder of a run.

Importing this imports nothing heavy: every public name is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

_MODULES = {
    "ConditionerConfig": "config",
    "LabelTraining": "config",
    "Run": "run",
    "RunFolder": "run_folder",
    "Settings": "settings",
    "TrainingConfig": "config",
    "TrainingEvent": "events",
    "TrainingInterrupted": "signals",
    "apply_assignments": "settings",
    "build_settings": "settings",
    "find_model_folder": "run_folder",
    "locate": "settings",
    "option_classes": "settings",
    "read_run_file": "settings",
    "train": "run",
}

__all__ = [
    "ConditionerConfig",
    "LabelTraining",
    "Run",
    "RunFolder",
    "Settings",
    "TrainingConfig",
    "TrainingEvent",
    "TrainingInterrupted",
    "apply_assignments",
    "build_settings",
    "find_model_folder",
    "locate",
    "option_classes",
    "read_run_file",
    "train",
]

if TYPE_CHECKING:
    from mmgen.training.config import ConditionerConfig, TrainingConfig
    from mmgen.training.events import TrainingEvent
    from mmgen.training.run import Run, train
    from mmgen.training.run_folder import RunFolder, find_model_folder
    from mmgen.training.settings import (
        Settings,
        apply_assignments,
        build_settings,
        locate,
        option_classes,
        read_run_file,
    )
    from mmgen.training.signals import TrainingInterrupted


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'mmgen.training' has no attribute {name!r}")
    value = getattr(import_module(f"mmgen.training.{_MODULES[name]}"), name)
    globals()[name] = value
    return value
