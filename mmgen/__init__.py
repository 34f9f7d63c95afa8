"""mmgen: a plugin-based zoo of image generators.

    model = mmgen.from_pretrained("vae-mnist")
    samples = model.generate(16, label="7", seed=0)
    samples.save("sevens.png")

Importing mmgen imports nothing heavy: every public name is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_PUBLIC = {
    "from_pretrained": "mmgen.pretrained",
    "list_models": "mmgen.catalogue",
    "publish": "mmgen.publishing",
    "explain": "mmgen.explaining",
    "walk": "mmgen.walking",
    "Conditioner": "mmgen.interfaces",
    "Condition": "mmgen.interfaces",
    "Embedding": "mmgen.interfaces",
    "Encoder": "mmgen.interfaces",
    "Generator": "mmgen.interfaces",
    "LogLikelihood": "mmgen.interfaces",
    "Model": "mmgen.interfaces",
    "Noise": "mmgen.interfaces",
    "Phase": "mmgen.interfaces",
    "Samples": "mmgen.interfaces",
    "Stage": "mmgen.interfaces",
    "Trainer": "mmgen.interfaces",
    "Architecture": "mmgen.families",
    "DatasetSource": "mmgen.families",
    "Family": "mmgen.families",
    "Format": "mmgen.families",
    "Metric": "mmgen.families",
    "Modality": "mmgen.families",
    "Paper": "mmgen.families",
    "Options": "mmgen.options",
    "option": "mmgen.options",
    "Size": "mmgen.slots",
    "Slot": "mmgen.slots",
    "hookimpl": "mmgen.hookspecs",
    "errors": "",
    "MmgenError": "mmgen.errors",
}

__all__ = ["__version__", *_PUBLIC]

if TYPE_CHECKING:
    from mmgen import errors
    from mmgen.catalogue import list_models
    from mmgen.errors import MmgenError
    from mmgen.explaining import explain
    from mmgen.families import (
        Architecture,
        DatasetSource,
        Family,
        Format,
        Metric,
        Modality,
        Paper,
    )
    from mmgen.hookspecs import hookimpl
    from mmgen.interfaces import (
        Condition,
        Conditioner,
        Embedding,
        Encoder,
        Generator,
        LogLikelihood,
        Model,
        Noise,
        Phase,
        Samples,
        Stage,
        Trainer,
    )
    from mmgen.options import Options, option
    from mmgen.pretrained import from_pretrained
    from mmgen.publishing import publish
    from mmgen.slots import Size, Slot
    from mmgen.walking import walk


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'mmgen' has no attribute {name!r}")
    module = _PUBLIC[name]
    value = getattr(import_module(module), name) if module else import_module(f"mmgen.{name}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
