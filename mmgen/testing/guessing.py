"""Tiny configs for architectures whose author names none: guessed, and tried out."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch

from mmgen.errors import MmgenError, UnsupportedOperationError
from mmgen.families import Architecture, load_reference
from mmgen.interfaces import Encoder
from mmgen.options import OptionInfo, Options, describe
from mmgen.pretrained import build, build_encoder
from mmgen.slots import Size
from mmgen.testing.case import EncoderCase, GeneratorCase
from mmgen.testing.values import CLASSES, pictures

_SIDES_PX = (8, 16, 12, 32, 28, 64)
_SMALL = 8
_LARGE_PX = 128
_FEW_STEPS = 3
_TEXTS = ("a red fox", "two blue whales, far away", "three", "a hen under an old tree")


def guess_case(architecture: Architecture) -> GeneratorCase | EncoderCase:
    """Return a case for an architecture, with a network as small as its options allow.

    Whole numbers above 8 become 8, or the least allowed; where no network can be built so, they
    stay. Sides are the first of a few that can be built.

    Raises:
        UnsupportedOperationError: no network could be built; says why.
    """
    if architecture.kind == "encoder":
        return _guess_encoder(architecture)
    config = _first_that_builds(architecture, _configs(architecture.config))
    names = {info.name for info in describe(architecture.config)}
    side = config.get("height", 0)

    def changed(change: Mapping[str, Any], missing: str) -> Mapping[str, Any] | str:
        if not set(change) <= names:
            return missing
        why = _why_not(architecture, {**config, **change})
        return f"no network could be built so: {why}" if why else change

    return GeneratorCase(
        architecture=architecture.name,
        config=config,
        colour=changed({"channels": 3}, "it has no option 'channels'"),
        non_square=changed({"width": 2 * side}, "it has no option 'width'"),
        large=changed(
            {"height": _LARGE_PX, "width": _LARGE_PX}, "it has no options 'height' and 'width'"
        ),
        options=_few(architecture.generation, "steps", _FEW_STEPS),
    )


def _guess_encoder(architecture: Architecture) -> EncoderCase:
    network = load_reference(architecture.network)
    if architecture.joins_encoders:
        raise UnsupportedOperationError(
            "it joins encoders: which, only its author can say; write a test with EncoderCase"
        )
    modality = getattr(network, "modality", "")
    if modality not in ("image", "text", "audio"):
        raise UnsupportedOperationError(
            f"there are no made-up values of modality {modality!r}; write a test with EncoderCase"
        )
    config = _first_that_builds(architecture, _configs(architecture.config))
    return EncoderCase(
        architecture=architecture.name, config=config, values=_values(modality, config)
    )


def _values(modality: str, config: Mapping[str, Any]) -> Any:
    """Return contract values, all distinct, of unequal length where they have one."""
    if modality == "text":
        return list(_TEXTS)
    generator = torch.Generator().manual_seed(0)
    if modality == "audio":
        return [
            2 * torch.rand(count, generator=generator) - 1 for count in (4000, 9000, 2600, 6100)
        ]
    height, width = config.get("height", _SMALL), config.get("width", _SMALL)
    return pictures(Size(channels=config.get("channels", 3), height=height, width=width), 4)


def _configs(cls: type[Options]) -> Iterator[dict[str, Any]]:
    """Yield configs to try, the smallest first."""
    infos = {info.name: info for info in describe(cls)}
    required = {name: _required(info) for name, info in infos.items() if info.required}
    if "classes" in infos:
        required["classes"] = CLASSES
    small = {name: _smaller(info) for name, info in infos.items() if not info.required}
    small = {name: value for name, value in small.items() if value != infos[name].default}
    for start in (small, {}):
        for side in _SIDES_PX if {"height", "width"} <= set(infos) else (None,):
            sides = {} if side is None else {"height": side, "width": side}
            colours = {"channels": 1} if "channels" in infos else {}
            yield {**start, **required, **colours, **sides}
            if colours:
                yield {**start, **required, "channels": 3, **sides}


def _required(info: OptionInfo) -> Any:
    """Return a value for an option that has no default."""
    if info.choices:
        return info.choices[0]
    return _SMALL if info.minimum is None else max(_SMALL, int(info.minimum))


def _smaller(info: OptionInfo) -> Any:
    """Return an option's default, its whole numbers no larger than must be."""

    def cut(value: Any) -> Any:
        if type(value) is not int or value <= _SMALL or info.choices:
            return value
        return max(_SMALL, int(info.minimum or 0))

    if isinstance(info.default, tuple):
        return tuple(map(cut, info.default))
    return cut(info.default)


def _few(cls: type[Options] | None, name: str, count: int) -> dict[str, int]:
    """Return an option of that name, if there is one, at that number or the least allowed."""
    found = [info for info in describe(cls or Options) if info.name == name]
    return {name: max(count, int(found[0].minimum or 0))} if found else {}


def _first_that_builds(
    architecture: Architecture, configs: Iterator[dict[str, Any]]
) -> dict[str, Any]:
    why = "it has no options"
    for config in configs:
        reason = _why_not(architecture, config)
        if not reason:
            return config
        why = reason
    raise UnsupportedOperationError(
        f"no small network could be guessed ({why}); write a test that names a config"
    )


def _why_not(architecture: Architecture, config: Mapping[str, Any]) -> str:
    """Return why a network cannot be built from a config, or ""."""
    try:
        network = load_reference(architecture.network)
        if isinstance(network, type) and issubclass(network, Encoder):
            build_encoder(architecture.name, config, _values(network.modality, config))
        else:
            with torch.device("meta"):
                build(architecture.name, config)
    except (MmgenError, ValueError, RuntimeError, TypeError) as error:
        return str(error).splitlines()[0] if str(error) else type(error).__name__
    return ""
