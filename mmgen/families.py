"""What a plugin registers: data, not work.

Networks and trainers are named by lazy references "package.module:Name", so that listing them
imports nothing heavy; config classes are torch-free and given as they are. (Without `slots=True`,
here and in the rest of the light layer: it doubles the time that defining a dataclass takes, and
every listing pays it.)
"""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from mmgen.errors import PluginError
from mmgen.options import Options

API_VERSION = 1
"""The version of the contract between core and plugins; a plugin states it as MMGEN_API."""


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A publication that a family stands on."""

    title: str
    authors: str
    year: int
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """A network class of a family with its config class.

    Attributes:
        network: reference to a Generator or Encoder class, called as `network(config, …)`.
        config: options that define the network; written to config.json.
        generation: options of `generate`; None for an encoder.
        trainer: reference to a Trainer class; None where the network is not trained.
        training: the trainer's own options.
    """

    name: str
    summary: str
    network: str
    config: type[Options]
    kind: str = "generator"
    generation: type[Options] | None = None
    trainer: str | None = None
    training: type[Options] | None = None
    tasks: tuple[str, ...] = ("unconditional-image-generation",)


@dataclass(frozen=True, kw_only=True)
class Family:
    """A kind of model, brought by one plugin distribution."""

    name: str
    summary: str
    architectures: tuple[Architecture, ...]
    papers: tuple[Paper, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Modality:
    """A kind of input.

    Attributes:
        kind: "semantic" (says what is wanted) or "spatial" (brings pixels).
        reader: reference to `read(value, slot, size) -> contract values, one or many`.
    """

    name: str
    kind: str
    reader: str
    summary: str = ""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A measure of a model on data: reference to `metric(model, data, options, progress)`."""

    name: str
    summary: str
    function: str
    options: type[Options] | None = None


@dataclass(frozen=True, kw_only=True)
class DatasetSource:
    """A named data set: reference to `load(split, options) -> PictureData`."""

    name: str
    summary: str
    loader: str
    splits: tuple[str, ...] = ("train", "test")


@dataclass(frozen=True, kw_only=True)
class Format:
    """A reader of foreign repositories: reference to `read(folder) -> Model or None`."""

    name: str
    summary: str
    reader: str


def load_reference(reference: str) -> Any:
    """Import what "package.module:Name" names.

    Raises:
        PluginError: the module cannot be imported or does not have the name.
    """
    module_name, _, attribute = reference.partition(":")
    try:
        return getattr(import_module(module_name), attribute)
    except Exception as error:
        raise PluginError(
            f"{reference!r} cannot be loaded: {type(error).__name__}: {error}"
        ) from error
