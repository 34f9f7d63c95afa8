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
        joins_encoders: whether an encoder is made of others, one for each slot of [conditions], so
            that several modalities meet; generators may always be conditioned.
        generation: options of `generate`; None for an encoder.
        trainer: reference to a Trainer class; None where the network is not trained.
        training: the trainer's own options.
    """

    name: str
    summary: str
    network: str
    config: type[Options]
    kind: str = "generator"
    joins_encoders: bool = False
    generation: type[Options] | None = None
    trainer: str | None = None
    training: type[Options] | None = None
    tasks: tuple[str, ...] = ("unconditional-image-generation",)

    def __post_init__(self) -> None:
        _check_name("architecture", self.name)
        where = f"architecture {self.name!r}"
        _check_reference(f"{where}: network", self.network)
        if self.trainer is not None:
            _check_reference(f"{where}: trainer", self.trainer)
        if self.kind not in ("generator", "encoder"):
            raise PluginError(f"{where}: kind must be 'generator' or 'encoder'; got {self.kind!r}")
        if self.joins_encoders and self.kind != "encoder":
            raise PluginError(f"{where}: joins_encoders is for encoders; generators always do")
        for field in ("config", "generation", "training"):
            value = getattr(self, field)
            optional = field != "config" and value is None
            if not optional and not (isinstance(value, type) and issubclass(value, Options)):
                raise PluginError(f"{where}: {field} must be a class of Options; got {value!r}")


@dataclass(frozen=True, kw_only=True)
class Family:
    """A kind of model, brought by one plugin distribution."""

    name: str
    summary: str
    architectures: tuple[Architecture, ...]
    papers: tuple[Paper, ...] = ()

    def __post_init__(self) -> None:
        _check_name("family", self.name)
        _check_items(f"family {self.name!r}: architectures", self.architectures, Architecture)
        _check_items(f"family {self.name!r}: papers", self.papers, Paper)


@dataclass(frozen=True, kw_only=True)
class Modality:
    """A kind of input.

    Attributes:
        kind: "semantic" (says what is wanted) or "spatial" (brings pixels).
        reader: reference to `read(value, slot, size) -> contract values, one or many`. It takes
            back what it returned, as recipes and data have it.
    """

    name: str
    kind: str
    reader: str
    summary: str = ""

    def __post_init__(self) -> None:
        _check_name("modality", self.name)
        _check_reference(f"modality {self.name!r}: reader", self.reader)
        if self.kind not in ("semantic", "spatial"):
            raise PluginError(
                f"modality {self.name!r}: kind must be 'semantic' or 'spatial'; got {self.kind!r}"
            )


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A measure of a model on data: reference to `metric(model, data, options, progress)`.

    Attributes:
        options: a class, or a reference to one: listings need none.
        workbench: whether the function takes a fifth argument, the `mmgen.metrics.Workbench` of
            the call, by which metrics share samples, networks and features.
    """

    name: str
    summary: str
    function: str
    options: type[Options] | str | None = None
    workbench: bool = False

    def __post_init__(self) -> None:
        _check_name("metric", self.name)
        _check_reference(f"metric {self.name!r}: function", self.function)
        if isinstance(self.options, str):
            _check_reference(f"metric {self.name!r}: options", self.options)

    @property
    def option_class(self) -> type[Options]:
        """The class of its options; one without any where there are none."""
        if not isinstance(self.options, str):
            return self.options or Options
        found: type[Options] = load_reference(self.options)
        return found


@dataclass(frozen=True, kw_only=True)
class DatasetSource:
    """A named data set: reference to `load(split, options) -> PictureData`."""

    name: str
    summary: str
    loader: str
    splits: tuple[str, ...] = ("train", "test")

    def __post_init__(self) -> None:
        _check_name("data set", self.name)
        _check_reference(f"data set {self.name!r}: loader", self.loader)


@dataclass(frozen=True, kw_only=True)
class Format:
    """A reader of foreign repositories: reference to `read(folder) -> Model or None`."""

    name: str
    summary: str
    reader: str

    def __post_init__(self) -> None:
        _check_name("format", self.name)
        _check_reference(f"format {self.name!r}: reader", self.reader)


def _check_name(kind: str, name: object) -> None:
    plain = isinstance(name, str) and name.replace("-", "").replace("_", "").isalnum()
    if not plain or not isinstance(name, str) or name != name.lower():
        raise PluginError(
            f"{kind}: a name has small letters, digits and hyphens, as 'conv-vae'; got {name!r}"
        )


def _check_reference(what: str, reference: object) -> None:
    parts = reference.split(":") if isinstance(reference, str) else []
    if len(parts) != 2 or not all(parts):
        raise PluginError(f"{what} must be named as 'package.module:Name'; got {reference!r}")


def _check_items(what: str, items: object, kind: type) -> None:
    if not isinstance(items, tuple | list) or not all(isinstance(item, kind) for item in items):
        raise PluginError(f"{what} must be a tuple of {kind.__name__}; got {items!r}")


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
