"""The contract that every plugin keeps, as checks that anyone can run.

    class TestVae(GeneratorContract):
        case = GeneratorCase(architecture="vae", config={...}, colour={...}, ...)

Each check is also a plain function `check_xxx(case)` that raises ContractError with a sentence,
or NotApplicable; `GENERATOR_CHECKS`, `ENCODER_CHECKS`, `METRIC_CHECKS` and `DATASET_CHECKS` list
them. Importing this imports nothing heavy: every public name is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

_PUBLIC = {
    "EncoderCase": "case",
    "GeneratorCase": "case",
    "perturb": "case",
    "DatasetCase": "loading",
    "MetricCase": "measuring",
    "DATASET_CHECKS": "loading",
    "ENCODER_CHECKS": "contract",
    "GENERATOR_CHECKS": "contract",
    "METRIC_CHECKS": "measuring",
    "DatasetContract": "contract",
    "EncoderContract": "contract",
    "GeneratorContract": "contract",
    "MetricContract": "contract",
    "ContractError": "outcome",
    "NotApplicable": "outcome",
    "temporary_plugin": "plugin",
    "CLASSES": "values",
}

__all__ = [*_PUBLIC]

if TYPE_CHECKING:
    from mmgen.testing.case import EncoderCase, GeneratorCase, perturb
    from mmgen.testing.contract import (
        ENCODER_CHECKS,
        GENERATOR_CHECKS,
        DatasetContract,
        EncoderContract,
        GeneratorContract,
        MetricContract,
    )
    from mmgen.testing.loading import DATASET_CHECKS, DatasetCase
    from mmgen.testing.measuring import METRIC_CHECKS, MetricCase
    from mmgen.testing.outcome import ContractError, NotApplicable
    from mmgen.testing.plugin import temporary_plugin
    from mmgen.testing.values import CLASSES


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'mmgen.testing' has no attribute {name!r}")
    value = getattr(import_module(f"mmgen.testing.{_PUBLIC[name]}"), name)
    globals()[name] = value
    return value
