"""Measures of a model: likelihood, reconstruction, and what plugins add.

Importing this imports nothing heavy: every public name is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

_MODULES = {
    "ClassificationOptions": "options",
    "LikelihoodOptions": "options",
    "MetricResult": "result",
    "ReconstructionOptions": "options",
    "evaluate": "evaluation",
}

__all__ = [
    "ClassificationOptions",
    "LikelihoodOptions",
    "MetricResult",
    "ReconstructionOptions",
    "evaluate",
]

if TYPE_CHECKING:
    from mmgen.metrics.evaluation import evaluate
    from mmgen.metrics.options import (
        ClassificationOptions,
        LikelihoodOptions,
        ReconstructionOptions,
    )
    from mmgen.metrics.result import MetricResult


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'mmgen.metrics' has no attribute {name!r}")
    value = getattr(import_module(f"mmgen.metrics.{_MODULES[name]}"), name)
    globals()[name] = value
    return value
