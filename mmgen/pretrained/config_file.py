"""config.json: what a saved model is. Every key is known, or the file is refused."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmgen.errors import ModelFileError, NotInstalledError, did_you_mean, shown
from mmgen.pretrained.strict_json import parse_json
from mmgen.slots import JOINS, MOST_EXAMPLES

CONFIG_NAME = "config.json"
ASSET_SUFFIXES = (".json", ".txt")
RESERVED_NAMES = frozenset({CONFIG_NAME, "training.json", "model.safetensors.index.json"})
FORMAT = 1
_MAX_BYTES = 2 * 2**20
_MAX_VALUES = 100_000
_MAX_NAME = 200


@dataclass(frozen=True, kw_only=True)
class ConfigFile:
    """The content of a config.json.

    Attributes:
        plugin: {"name": distribution, "version": …} that wrote it.
        config: the architecture's config.
        conditioner: width, dropout and slots of the conditioner; None without one.
        parts: names of the sub-folders with the models that this one is made of.
        assets: further files that the model needs (vocabularies): JSON or text.
    """

    kind: str
    family: str
    architecture: str
    plugin: dict[str, str]
    config: dict[str, Any]
    conditioner: dict[str, Any] | None = None
    parts: list[str] = field(default_factory=list)
    assets: list[str] = field(default_factory=list)
    format: int = FORMAT

    def to_json(self) -> str:
        """Return the file's text."""
        return json.dumps(vars(self), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


_TYPES: dict[str, tuple[type, ...]] = {
    "format": (int,),
    "kind": (str,),
    "family": (str,),
    "architecture": (str,),
    "plugin": (dict,),
    "config": (dict,),
    "conditioner": (dict, type(None)),
    "parts": (list,),
    "assets": (list,),
}
_CONDITIONER: dict[str, tuple[type, ...]] = {
    "width": (int,),
    "dropout": (int, float),
    "slots": (list,),
    "required": (list,),
    "join": (str,),
    "num_examples": (int,),
}
_CONDITIONER_DEFAULTS: dict[str, Any] = {"required": [], "join": "sum", "num_examples": 0}


def read_config(path: Path) -> ConfigFile:
    """Read and validate a config.json.

    Raises:
        ModelFileError: missing, not JSON, another format, an unknown or a missing key.
    """
    data = _read_json(path)
    _check_format(data, path)
    for key in data:
        if key not in _TYPES:
            near = did_you_mean(key, _TYPES) or "."
            raise ModelFileError(
                f"{path}: unknown key {shown(key)}{near} Known: {', '.join(_TYPES)}"
            )
    for key, types in _TYPES.items():
        if key not in data and key in ("conditioner", "parts", "assets"):
            continue
        if not isinstance(data.get(key), types):
            raise ModelFileError(f"{path}: {key!r} is missing or of the wrong type")
    if data["kind"] not in ("generator", "encoder"):
        raise ModelFileError(
            f"{path}: 'kind' must be generator or encoder; got {shown(data['kind'])}"
        )
    for key in ("family", "architecture"):
        if len(data[key]) > _MAX_NAME:
            raise ModelFileError(f"{path}: {key!r} must be a name; got {shown(data[key])}")
    for value in data["plugin"].values():
        if not isinstance(value, str):
            raise ModelFileError(f"{path}: 'plugin' must hold texts; got {shown(value)}")
    names = [*data.get("parts", []), *data.get("assets", [])]
    for name in names:
        if not isinstance(name, str) or not _is_plain_name(name):
            raise ModelFileError(f"{path}: {shown(name)} is not the name of a file beside it")
    for name in data.get("assets", []):
        if not name.endswith(ASSET_SUFFIXES) or name in RESERVED_NAMES:
            raise ModelFileError(
                f"{path}: the asset {shown(name)} must be a file of its own that ends in "
                f"{' or '.join(ASSET_SUFFIXES)}"
            )
    if len(set(names)) < len(names):
        raise ModelFileError(f"{path}: 'parts' and 'assets' must not name one thing twice")
    _check_conditioner(data.get("conditioner"), path)
    return ConfigFile(**data)


def is_ours(path: Path) -> bool:
    """Return whether a config.json, sound or not, is one of mmgen's."""
    try:
        data = _read_json(path)
    except ModelFileError:
        return False
    return "format" in data and "architecture" in data


def _read_json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ModelFileError(f"{path} is larger than {_MAX_BYTES >> 20} MB; not a config")
        data = parse_json(path.read_bytes(), max_values=_MAX_VALUES)
    except FileNotFoundError:
        raise ModelFileError(
            f"{path} does not exist; a saved model has {CONFIG_NAME} and model.safetensors"
        ) from None
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error}") from error
    except ValueError as error:
        raise ModelFileError(f"{path} is not valid JSON: {error}") from error
    if not isinstance(data, dict):
        raise ModelFileError(f"{path} must hold a JSON object; got {type(data).__name__}")
    return data


def _check_format(data: dict[str, Any], path: Path) -> None:
    stated = data.get("format")
    if "format" not in data or "architecture" not in data:
        raise ModelFileError(
            f"{path} was not written by mmgen: it has no 'format' and 'architecture'"
        )
    if type(stated) is not int or stated < 1:  # True is an int too
        raise ModelFileError(f"{path}: 'format' must be a number from 1; got {shown(stated)}")
    if stated > FORMAT:
        raise ModelFileError(
            f"{path} has format {shown(stated)}, this mmgen reads up to {FORMAT}; "
            "run pip install --upgrade mmgen-core"
        )


def _check_conditioner(data: Any, path: Path) -> None:
    if data is None:
        return
    for key in data:
        if key not in _CONDITIONER:
            raise ModelFileError(f"{path}: unknown key {shown(key)} in 'conditioner'")
    data = _CONDITIONER_DEFAULTS | data
    for key, types in _CONDITIONER.items():
        if type(data.get(key)) not in types:
            raise ModelFileError(f"{path}: conditioner.{key} is missing or of the wrong type")
    if data["width"] < 1 or not 0 <= data["dropout"] <= 1:
        raise ModelFileError(
            f"{path}: conditioner.width must be at least 1 and dropout 0 to 1; "
            f"got {shown(data['width'])} and {shown(data['dropout'])}"
        )
    if data["join"] not in JOINS:
        raise ModelFileError(
            f"{path}: conditioner.join is {' or '.join(JOINS)}; got {shown(data['join'])}"
        )
    if not 0 <= data["num_examples"] <= MOST_EXAMPLES:
        raise ModelFileError(
            f"{path}: conditioner.num_examples is 0 to {MOST_EXAMPLES:,}; "
            f"got {shown(data['num_examples'])}"
        )
    slots, required = data["slots"], data["required"]
    for slot in (*slots, *required):
        if not isinstance(slot, str):
            raise ModelFileError(f"{path}: conditioner.slots must be names; got {shown(slot)}")
    if len(set(slots)) < len(slots):
        raise ModelFileError(f"{path}: conditioner.slots must not name one twice")
    for slot in required:
        if slot not in slots:
            raise ModelFileError(f"{path}: conditioner.required names {shown(slot)}, no slot")


def _is_plain_name(name: str) -> bool:
    plain = name == Path(name).name and name not in ("", ".", "..") and "\\" not in name
    return plain and name.isprintable() and len(name) <= _MAX_NAME


def other_version(config: ConfigFile) -> str:
    """Return, in words, that another version of the family's plugin wrote a file; "" if not."""
    from mmgen.plugins import manager

    plugin, _ = manager().family(config.family)
    written = config.plugin.get("version", "")
    if config.plugin.get("name") != plugin.distribution or written in ("", plugin.version):
        return ""
    return (
        f"it was saved with {plugin.distribution} {shown(written)}, installed is {plugin.version}"
    )


def check_family(config: ConfigFile, path: Path) -> None:
    """Check that the family is installed.

    Raises:
        NotInstalledError: no plugin brings it; says which to install where the zoo knows.
    """
    from mmgen.catalogue import catalogue
    from mmgen.plugins import manager

    known = [family.name for _, family in manager().families]
    if config.family in known:
        return
    indexed = catalogue().index.families.get(config.family, {})
    for plugin in manager().plugins:
        if plugin.broken and plugin.distribution == indexed.get(
            "plugin", config.plugin.get("name")
        ):
            raise NotInstalledError(
                f"{path}: family {config.family!r} comes from {plugin.distribution}, "
                f"which is broken: {plugin.broken}"
            )
    distribution = indexed.get("plugin") or config.plugin.get("name", "")
    # The name may come from a stranger's file, and people paste commands.
    if not re.fullmatch(r"mmgen-plugin-[a-z0-9]+(-[a-z0-9]+)*", distribution):
        near = did_you_mean(config.family, known)
        raise NotInstalledError(f"{path}: no plugin brings family {config.family!r}{near}")
    command = f"pip install {distribution}"
    raise NotInstalledError(
        f"{path}: family {config.family!r} is not installed; run: {command}", command
    )
