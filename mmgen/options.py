"""Frozen dataclasses whose fields carry range, unit and help.

Architecture configs, generation options and training settings are all `Options`: built from
strings or values, checked once, printed by `mmgen info`, written to JSON.
"""

import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from typing import Any, Self, Union, get_args, get_origin, get_type_hints

from mmgen.deprecation import Deprecation
from mmgen.errors import OptionError, did_you_mean, shown

MOST_SEED = 2**63 - 1
"""The largest seed of anything."""


@dataclass(frozen=True)
class OptionInfo:
    """One option, as `mmgen info` prints it."""

    name: str
    type: Any
    default: Any
    required: bool
    minimum: float | None
    maximum: float | None
    choices: tuple[Any, ...] | None
    unit: str
    help: str
    deprecated: Deprecation | None = None
    above: float | None = None

    @property
    def type_name(self) -> str:
        """The type in words: int, number, text, yes/no, list of int, …"""
        return _type_name(self.type)

    @property
    def rule(self) -> str:
        """What is allowed, in words: "one of 'mean', 'sample'", "0 to 2", "above 0, to 1", …"""
        if self.choices:
            return "one of " + ", ".join(repr(choice) for choice in self.choices)
        low, high = self.minimum, self.maximum
        if self.above is not None:
            return f"above {self.above:g}" + ("" if high is None else f", to {high:g}")
        if low is not None and high is not None:
            return f"{low:g} to {high:g}"
        if low is not None:
            return f"at least {low:g}"
        return f"at most {high:g}" if high is not None else f"any {self.type_name}"

    def to_dict(self) -> dict[str, Any]:
        """Return what `mmgen info --json` prints."""
        return {
            "name": self.name,
            "type": self.type_name,
            "default": None if self.required else _plain(self.default),
            "required": self.required,
            "rule": self.rule,
            "unit": self.unit,
            "help": self.help,
        }


def option(
    default: Any = MISSING,
    *,
    help: str,
    minimum: float | None = None,
    maximum: float | None = None,
    above: float | None = None,
    choices: tuple[Any, ...] | None = None,
    unit: str = "",
    deprecated: Deprecation | None = None,
) -> Any:
    """Declare a field of an `Options` class; without a default it is required.

    In place of a minimum it may have a number that it must be above.
    One that is deprecated has a default, and warns where another value is given.
    """
    if deprecated is not None:
        if default is MISSING:
            raise OptionError("an option that is deprecated needs a default: it may be left out")
        help = f"{help} ({deprecated.describe('it')})"
    metadata = {
        "help": help,
        "minimum": minimum,
        "maximum": maximum,
        "above": above,
        "choices": choices,
        "unit": unit,
        "deprecated": deprecated,
    }
    return field(default=default, metadata=metadata)


def seed_option(help: str) -> Any:
    """Declare a seed: 0 unless told, and no larger than every random generator takes."""
    return option(0, minimum=0, maximum=MOST_SEED, help=help)


@dataclass(frozen=True, kw_only=True)
class Options:
    """A set of checked options. Subclass it as a frozen, keyword-only dataclass."""

    def __post_init__(self) -> None:
        for info in describe(type(self)):
            value = _coerce(getattr(self, info.name), info)
            object.__setattr__(self, info.name, value)
            if info.deprecated is not None and value != info.default:
                info.deprecated.warn(f"option {info.name!r}", stacklevel=3)
        self.check()

    def check(self) -> None:
        """Check rules that span several fields; raise OptionError where one is broken."""

    @classmethod
    def build(cls, values: Mapping[str, Any] | None = None) -> Self:
        """Make the options from values or from the strings of a command line.

        Raises:
            OptionError: an unknown name, a missing one, a wrong type or a value out of range.
        """
        values = values or {}
        known = {info.name: info for info in describe(cls)}
        for name in values:
            if name not in known:
                valid = ", ".join(known) or "none"
                near = did_you_mean(name, known) or "."
                raise OptionError(f"unknown option {shown(name)}{near} Valid options: {valid}")
        missing = [name for name, info in known.items() if info.required and name not in values]
        if missing:
            raise OptionError(f"option {missing[0]!r} is required: {known[missing[0]].help}")
        return cls(**values)

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some options changed."""
        return replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Return the options as JSON can hold them; tuples become lists."""
        return {info.name: _plain(getattr(self, info.name)) for info in describe(type(self))}


_described: dict[type, tuple[OptionInfo, ...]] = {}


def describe(cls: type[Options]) -> tuple[OptionInfo, ...]:
    """Return the options that a class declares, in order."""
    if cls not in _described:
        _described[cls] = _read_fields(cls)
    return _described[cls]


def _read_fields(cls: type[Options]) -> tuple[OptionInfo, ...]:
    hints = get_type_hints(cls)
    return tuple(
        OptionInfo(
            name=item.name,
            type=hints[item.name],
            default=None if item.default is MISSING else item.default,
            required=item.default is MISSING,
            minimum=item.metadata.get("minimum"),
            maximum=item.metadata.get("maximum"),
            choices=item.metadata.get("choices"),
            unit=item.metadata.get("unit", ""),
            help=item.metadata.get("help", ""),
            deprecated=item.metadata.get("deprecated"),
            above=item.metadata.get("above"),
        )
        for item in fields(cls)
    )


def _plain(value: Any) -> Any:
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else value


def _type_name(hint: Any) -> str:
    if _is_union(hint):
        return " or ".join(_type_name(arg) for arg in get_args(hint))
    if get_origin(hint) is tuple:
        return f"list of {_type_name(get_args(hint)[0])}"
    names = {int: "int", float: "number", str: "text", bool: "yes/no", type(None): "none"}
    return names.get(hint, getattr(hint, "__name__", str(hint)))


def _is_union(hint: Any) -> bool:
    return get_origin(hint) in (Union, types.UnionType)


def _coerce(value: Any, info: OptionInfo) -> Any:
    try:
        value = _convert(value, info.type)
    except (TypeError, ValueError, OverflowError):
        raise OptionError(
            f"option {info.name!r} takes {info.type_name} ({info.rule}); got {shown(value)}"
        ) from None
    for item in value if isinstance(value, tuple) else (value,):
        _check_range(item, info)
    return value


def _check_range(value: Any, info: OptionInfo) -> None:
    if value is None:
        return
    allowed = info.choices is None or value in info.choices
    if isinstance(value, int | float) and not isinstance(value, bool):
        allowed = allowed and (info.above is None or value > info.above)
        allowed = allowed and (info.minimum is None or value >= info.minimum)
        allowed = allowed and (info.maximum is None or value <= info.maximum)
        if value != value or abs(value) == float("inf"):
            raise OptionError(f"option {info.name!r} must be a finite number; got {shown(value)}")
    if not allowed:
        unit = f" {info.unit}" if info.unit else ""
        raise OptionError(f"option {info.name!r} must be {info.rule}{unit}; got {shown(value)}")


def _convert(value: Any, hint: Any) -> Any:
    if _is_union(hint):
        return _convert_union(value, get_args(hint))
    if get_origin(hint) is tuple:
        return _convert_list(value, get_args(hint)[0])
    return _SCALARS[hint](value) if hint in _SCALARS else value


def _convert_union(value: Any, hints: tuple[Any, ...]) -> Any:
    """Return the value as the first of the types that takes it."""
    if type(None) in hints and (value is None or str(value).lower() in ("none", "null")):
        return None
    for hint in hints:
        try:
            return _convert(value, hint)
        except (TypeError, ValueError, OverflowError):
            continue
    raise ValueError(value)


def _convert_list(value: Any, item_hint: Any) -> tuple[Any, ...]:
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, tuple | list):
        value = [value]
    return tuple(_convert(item, item_hint) for item in value)


def _to_bool(value: Any) -> bool:
    words = {"true": True, "yes": True, "on": True, "1": True}
    words |= {"false": False, "no": False, "off": False, "0": False}
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    raise ValueError(value)


def _to_int(value: Any) -> int:
    if isinstance(value, bool | bytes):
        raise ValueError(value)
    number = int(value)
    if not isinstance(value, str) and number != value:
        raise ValueError(value)
    return number


def _to_float(value: Any) -> float:
    if isinstance(value, bool | bytes):
        raise ValueError(value)
    return float(value)


def _to_text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(value)
    return value


def _to_none(value: Any) -> None:
    if value is not None:
        raise ValueError(value)


_SCALARS = {
    bool: _to_bool,
    int: _to_int,
    float: _to_float,
    str: _to_text,
    type(None): _to_none,
}
