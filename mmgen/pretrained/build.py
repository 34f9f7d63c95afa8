"""Build a network by the name of its architecture, from config and parts."""

import inspect
from collections.abc import Collection, Mapping
from typing import Any, cast

from mmgen.errors import ModelFileError, OptionError, UnsupportedOperationError, did_you_mean
from mmgen.families import Architecture, Family, load_reference
from mmgen.interfaces.conditioner import Conditioner
from mmgen.interfaces.encoder import Encoder
from mmgen.interfaces.model import Identity, Model
from mmgen.options import Options
from mmgen.plugins import Plugin, manager


def build(
    architecture: str,
    config: Mapping[str, Any] | Options,
    *,
    family: str = "",
    conditioner: Conditioner | None = None,
    parts: Mapping[str, Model] | None = None,
    assets: Mapping[str, str] | None = None,
) -> Model:
    """Return a new model with random weights.

    Args:
        architecture: its registered name.
        config: values for the architecture's config class, or an instance of it.
        family: needed only where two families have an architecture of that name.
        conditioner: of a generator, or of an encoder that joins others.
        parts: further models it is made of, passed by name.
        assets: what another of its kind returned as `assets`.

    Raises:
        UnknownNameError: no such architecture is installed.
        OptionError: the config is not valid, or it has no such part.
    """
    plugin, owner, found = manager().architecture(architecture, family)
    options = config if isinstance(config, Options) else found.config.build(config)
    network = load_reference(found.network)
    keywords: dict[str, Any] = dict(parts or {})
    _check_parts(architecture, network, keywords)
    if conditioner is not None:
        keywords["conditioner"] = conditioner
    if assets:
        keywords["assets"] = dict(assets)
    model = cast(Model, network(options, **keywords))
    model.identity = _identity(plugin, owner, found)
    return model


def _check_parts(architecture: str, network: Any, given: Collection[str]) -> None:
    """Raise OptionError unless the network's constructor names each part."""
    parameters = inspect.signature(network).parameters
    if not given or any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return
    known = [name for name in list(parameters)[1:] if name not in ("conditioner", "assets")]
    for name in given:
        if name not in known:
            has = f"it has {', '.join(known)}" if known else "it has none"
            raise OptionError(
                f"unknown part {name!r} of {architecture!r}{did_you_mean(name, known)}; {has}"
            )


def build_encoder(architecture: str, config: Mapping[str, Any] | Options, values: Any) -> Encoder:
    """Return a new encoder with random weights for the values of a data set.

    Args:
        architecture: its registered name.
        config: values for the architecture's config class, or an instance of it.
        values: all contract values of the column that it shall encode.

    Raises:
        UnknownNameError: no such architecture is installed.
        OptionError: the config is not valid, or the architecture is no encoder.
        DataError: nothing can be made of these values.
    """
    plugin, owner, found = manager().architecture(architecture)
    options = config if isinstance(config, Options) else found.config.build(config)
    network = load_reference(found.network)
    if not (isinstance(network, type) and issubclass(network, Encoder)):
        raise OptionError(f"an encoder is needed; {architecture!r} is a {found.kind}")
    encoder = network.from_data(options, values)
    encoder.identity = _identity(plugin, owner, found)
    return encoder


def _identity(plugin: Plugin, family: Family, architecture: Architecture) -> Identity:
    return Identity(
        family=family.name,
        architecture=architecture.name,
        distribution=plugin.distribution,
        version=plugin.version,
    )


def identify(model: Model) -> Identity:
    """Return which registered architecture a model is, however it was made.

    Raises:
        UnsupportedOperationError: no plugin registers its class.
    """
    if model.identity.architecture:
        return model.identity
    reference = f"{type(model).__module__}:{type(model).__qualname__}"
    for plugin, family in manager().families:
        for found in family.architectures:
            if found.network == reference and isinstance(model.config, found.config):
                return _identity(plugin, family, found)
    raise UnsupportedOperationError(
        f"{type(model).__name__} cannot be saved: no plugin registers it as an architecture, so "
        "nothing could load it"
    )


def describe_conditioner(conditioner: Conditioner) -> dict[str, Any]:
    """Return what config.json holds of a conditioner; its encoders are parts."""
    return {
        "width": conditioner.width,
        "dropout": conditioner.dropout,
        "slots": list(conditioner.slot_names),
        "required": sorted(conditioner.required),
        "join": conditioner.join,
    } | ({"num_examples": conditioner.num_examples} if conditioner.num_examples else {})


def build_conditioner(data: Mapping[str, Any], parts: Mapping[str, Model]) -> Conditioner:
    """Build what `describe_conditioner` described.

    Raises:
        ModelFileError: a slot has no encoder among the parts.
    """
    for slot in data["slots"]:
        if not isinstance(parts.get(slot), Encoder):
            raise ModelFileError(f"the conditioner's slot {slot!r} has no encoder among the parts")
    encoders = {slot: cast(Encoder, parts[slot]) for slot in data["slots"]}
    return Conditioner(
        encoders,
        width=data["width"],
        dropout=data["dropout"],
        required=data.get("required", ()),
        join=data.get("join", "sum"),
        num_examples=data.get("num_examples", 0),
    )
