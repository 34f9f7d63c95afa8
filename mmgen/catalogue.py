"""All models known: those that installed plugins bring, and the zoo's index of the others.

Each plugin's registry.toml is the truth for its models and wins over the index, the root
registry.toml, which lists every official model so that a missing plugin can be named.
"""

import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from mmgen.errors import (
    AmbiguousNameError,
    MmgenError,
    NotInstalledError,
    PluginError,
    UnknownNameError,
    did_you_mean,
)
from mmgen.plugins import Plugin, PluginManager, manager
from mmgen.slots import Size, Slot

SCHEMA = 1
INDEX_NAME = "registry.toml"


@dataclass(frozen=True, kw_only=True)
class FileEntry:
    """A file of a model: its path in the model's folder, sha256 (hex) and size in bytes."""

    path: str
    sha256: str
    bytes: int


@dataclass(frozen=True, kw_only=True)
class FigureEntry:
    """A measured figure and how it was measured."""

    name: str
    value: float
    protocol: str
    unit: str = ""
    standard_error: float | None = None


@dataclass(frozen=True, kw_only=True)
class ModelEntry:
    """A model of the catalogue.

    Attributes:
        size: of its pictures; None for an encoder that takes any.
        repo, revision: on the Hub, with a 40-hex commit; both "" where the weights ride in the
            plugin's wheel.
        licence: of code, weights and data.
        plugin: the distribution that brings the family.
        folder: where the bundled files lie; None when they are on the Hub or not installed.
        broken: why the plugin that brings it does not work, or "".
    """

    name: str
    kind: str
    family: str
    architecture: str
    summary: str
    tasks: tuple[str, ...]
    slots: tuple[Slot, ...]
    size: Size | None
    parameters: int
    bytes: int
    files: tuple[FileEntry, ...]
    licence: Mapping[str, str]
    data: str
    plugin: str
    repo: str = ""
    revision: str = ""
    figures: tuple[FigureEntry, ...] = ()
    installed: bool = False
    folder: Path | None = None
    broken: str = ""

    @property
    def install_command(self) -> str:
        """The command that brings the model's plugin."""
        return f"pip install {self.plugin}"

    @property
    def status(self) -> str:
        """Return "installed", "not installed: <command>" or "broken: <why>"."""
        if self.broken:
            return f"broken: {self.broken}"
        return "installed" if self.installed else f"not installed: {self.install_command}"

    def accepts(self, modality: str) -> bool:
        """Return whether a slot of that modality exists."""
        return any(slot.modality == modality for slot in self.slots)


@dataclass(frozen=True)
class Registry:
    """The content of one registry.toml."""

    families: dict[str, dict[str, str]] = field(default_factory=dict)
    models: tuple[ModelEntry, ...] = ()


def read_registry(path: Path) -> Registry:
    """Read a registry.toml.

    Raises:
        PluginError: it cannot be read, or breaks the schema; names the file and the entry.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PluginError(f"{path} cannot be read: {error}") from error
    if data.get("schema") != SCHEMA:
        raise PluginError(f"{path}: schema must be {SCHEMA}; got {data.get('schema')!r}")
    plugin = data.get("plugin", "")
    families = {}
    for item in _tables(data, "families", path):
        if not isinstance(item.get("name"), str):
            raise PluginError(f"{path}: every family must have a name; got {item!r}")
        families[item["name"]] = {"plugin": plugin, **item}
    models = tuple(_read_model(item, plugin, path) for item in _tables(data, "models", path))
    return Registry(families, models)


def _tables(data: dict[str, Any], name: str, path: Path) -> list[dict[str, Any]]:
    tables = data.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(item, dict) for item in tables):
        raise PluginError(f"{path}: {name!r} must be tables, [[{name}]]; got {tables!r}")
    return tables


def _read_model(item: dict[str, Any], plugin: str, path: Path) -> ModelEntry:
    item = {"plugin": plugin, **item}
    name = item.get("name", "without a name")
    folder = item.pop("folder", None)
    try:
        item["slots"] = tuple(Slot.from_dict(slot) for slot in item.get("slots", []))
        item["size"] = Size(**item["size"]) if "size" in item else None
        item["files"] = tuple(FileEntry(**entry) for entry in item.get("files", []))
        item["figures"] = tuple(FigureEntry(**figure) for figure in item.get("figures", []))
        item["tasks"] = tuple(item["tasks"])
        entry = ModelEntry(**item)
        _check_model(entry)
    except KeyError as error:
        raise PluginError(f"{path}: model {name!r} lacks {error}") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise PluginError(f"{path}: model {name!r} breaks the schema: {error}") from error
    if folder is not None:
        entry = replace(entry, folder=path.parent / folder)
    return entry


def _check_model(entry: ModelEntry) -> None:
    """Raise ValueError for what would only fail later, and less clearly."""
    for key in ("name", "kind", "family", "architecture", "summary", "data", "plugin", "repo"):
        if not isinstance(getattr(entry, key), str):
            raise ValueError(f"{key!r} must be text; got {getattr(entry, key)!r}")
    for key in ("name", "family", "architecture", "plugin"):
        if not getattr(entry, key):
            raise ValueError(f"{key!r} must not be empty")
    for key in ("parameters", "bytes"):
        if not isinstance(getattr(entry, key), int):
            raise ValueError(f"{key!r} must be a whole number; got {getattr(entry, key)!r}")
    if entry.kind not in ("generator", "encoder"):
        raise ValueError(f"'kind' must be 'generator' or 'encoder'; got {entry.kind!r}")
    if "/" in entry.name or "\\" in entry.name:
        raise ValueError("a model's name has no slash")
    if entry.repo and not is_hex(entry.revision, 40):
        raise ValueError(f"'revision' must be a 40-hex commit; got {entry.revision!r}")
    for file in entry.files:
        if file.path.startswith("/") or ".." in file.path.split("/"):
            raise ValueError(f"file {file.path!r} must be inside the model's folder")
        if not is_hex(file.sha256, 64):
            raise ValueError(f"sha256 of {file.path!r} must be 64 hex digits; got {file.sha256!r}")


def is_hex(value: object, length: int) -> bool:
    """Return whether a value is that many lower-case hex digits."""
    return isinstance(value, str) and len(value) == length and set(value) <= set("0123456789abcdef")


def index_path() -> Path:
    """Return the zoo's index: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent
    inside = package / INDEX_NAME
    return inside if inside.is_file() else package.parent / INDEX_NAME


class Catalogue:
    """Every model known to this installation. Use `catalogue()`.

    Attributes:
        entries: sorted by family and name.
        shared: names that several plugins bring, so that none of them can be used, and why.
    """

    def __init__(self, plugins: PluginManager, index: Registry) -> None:
        self.index = index
        self.entries: list[ModelEntry] = []
        for plugin in plugins.plugins:
            self._add_plugin(plugins, plugin)
        brought = {entry.name for entry in self.entries}
        states = {plugin.distribution: plugin for plugin in plugins.plugins}
        self.entries += [
            _as_indexed(entry, states.get(entry.plugin))
            for entry in index.models
            if entry.name not in brought
        ]
        self.entries.sort(key=lambda entry: (entry.family, entry.name))
        self.shared = self._shared_names()

    def _shared_names(self) -> dict[str, str]:
        """Return what to do about each name that several plugins bring."""
        owners: dict[str, list[str]] = {}
        for entry in self.entries:
            owners.setdefault(entry.name, []).append(entry.plugin)
        return {
            name: f"brought by {' and '.join(plugins)}; uninstall one, or choose with "
            "MMGEN_PLUGINS=name"
            for name, plugins in owners.items()
            if len(plugins) > 1
        }

    def _add_plugin(self, plugins: PluginManager, plugin: Plugin) -> None:
        if plugin.registry is None:
            return
        try:
            models = read_registry(plugin.registry).models
        except PluginError as error:
            plugins.block(plugin, str(error))
            return
        self.entries += [
            replace(entry, installed=True, plugin=plugin.distribution) for entry in models
        ]

    def find(self, name: str) -> ModelEntry:
        """Return the model of that name, installed or not.

        Raises:
            UnknownNameError: there is none; says which are near.
            AmbiguousNameError: two plugins bring it.
        """
        found = [entry for entry in self.entries if entry.name == name]
        if not found:
            near = did_you_mean(name, [entry.name for entry in self.entries]) or "."
            raise UnknownNameError(f"unknown model {name!r}{near} All models: mmgen list")
        if name in self.shared:
            raise AmbiguousNameError(f"model {name!r} is {self.shared[name]}")
        return found[0]

    def find_usable(self, name: str) -> ModelEntry:
        """Return the model of that name, ready to use.

        Raises:
            NotInstalledError: its plugin is missing; says the command that brings it.
            PluginError: its plugin is broken; says why.
        """
        entry = self.find(name)
        if entry.broken:
            raise PluginError(f"model {name!r}: {entry.plugin} is broken: {entry.broken}")
        if not entry.installed:
            raise NotInstalledError(
                f"model {name!r} needs {entry.plugin}; run: {entry.install_command}",
                entry.install_command,
            )
        return entry

    def search(
        self,
        words: Iterable[str] = (),
        *,
        family: str = "",
        task: str = "",
        accepts: str = "",
        installed: bool = False,
    ) -> list[ModelEntry]:
        """Return the models that hold all words in name, summary, family, data or tasks."""
        return [
            entry
            for entry in self.entries
            if all(word.lower() in _searchable(entry) for word in words)
            and (not family or entry.family == family)
            and (not task or task in entry.tasks)
            and (not accepts or entry.accepts(accepts))
            and (not installed or (entry.installed and not entry.broken))
        ]


def _searchable(entry: ModelEntry) -> str:
    parts = (entry.name, entry.summary, entry.family, entry.architecture, entry.data)
    return " ".join((*parts, *entry.tasks)).lower()


def _as_indexed(entry: ModelEntry, plugin: Plugin | None) -> ModelEntry:
    broken = plugin.broken if plugin else ""
    return replace(entry, installed=False, folder=None, broken=broken)


@cache
def catalogue() -> Catalogue:
    """Return the catalogue of this process."""
    path = index_path()
    try:
        index = read_registry(path) if path.is_file() else Registry()
    except PluginError as error:
        raise MmgenError(f"the zoo's index is damaged; reinstall mmgen-core: {error}") from error
    return Catalogue(manager(), index)


def list_models(
    words: str = "",
    *,
    family: str = "",
    task: str = "",
    accepts: str = "",
    installed: bool = False,
) -> list[ModelEntry]:
    """Return the models of the catalogue, sorted by family and name.

    Args:
        words: keep models that hold all of these words.
        family, task: keep models of that family, or with that task.
        accepts: keep models with a slot of that modality ("label", "text", "image", …).
        installed: keep models whose plugin is installed and works.
    """
    return catalogue().search(
        words.split(), family=family, task=task, accepts=accepts, installed=installed
    )


def hub_home() -> Path:
    """Return the folder in which the Hub's client keeps all it keeps."""
    home = os.environ.get("HF_HOME")
    default = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    return (Path(home) if home else default).expanduser()


def hub_cache() -> Path:
    """Return the folder of the Hub client's cache, without importing the client."""
    return Path(os.environ.get("HF_HUB_CACHE") or hub_home() / "hub").expanduser()


def own_cache() -> Path:
    """Return the folder for what mmgen itself remembers of files and commits."""
    return hub_home() / "mmgen"


def weights_present(entry: ModelEntry) -> bool:
    """Return whether all files of a model are on this machine."""
    folder = entry.folder
    if entry.repo:
        repo = "models--" + entry.repo.replace("/", "--")
        folder = hub_cache() / repo / "snapshots" / entry.revision
    return folder is not None and all((folder / file.path).is_file() for file in entry.files)
