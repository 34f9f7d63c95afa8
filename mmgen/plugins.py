"""Discovery of plugins; a broken one is reported, never fatal.

The entry points of the group `mmgen` are loaded one by one and their hooks called one by one,
so that whatever raises becomes a row "broken: why" while everything else works.
"""

import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from inspect import isroutine
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy

from mmgen import hookspecs
from mmgen.entry_points import EntryPoint, entry_points
from mmgen.errors import (
    AmbiguousNameError,
    MmgenWarning,
    PluginError,
    UnknownNameError,
    did_you_mean,
)
from mmgen.families import (
    API_VERSION,
    Architecture,
    DatasetSource,
    Family,
    Format,
    Metric,
    Modality,
)

GROUP = "mmgen"
CORE = "core"

_LISTS: dict[str, type] = {
    "mmgen_families": Family,
    "mmgen_modalities": Modality,
    "mmgen_datasets": DatasetSource,
    "mmgen_metrics": Metric,
    "mmgen_formats": Format,
}


@dataclass
class Plugin:
    """An installed plugin and what became of it."""

    name: str
    distribution: str
    version: str
    module: ModuleType | None = None
    broken: str = ""
    families: list[Family] = field(default_factory=list)
    modalities: list[Modality] = field(default_factory=list)
    datasets: list[DatasetSource] = field(default_factory=list)
    metrics: list[Metric] = field(default_factory=list)
    formats: list[Format] = field(default_factory=list)
    registry: Path | None = None

    @property
    def status(self) -> str:
        """Return "ok", or "broken: " and why."""
        return f"broken: {self.broken}" if self.broken else "ok"


class PluginManager:
    """All installed plugins. Use `manager()`; make one of your own only in tests."""

    def __init__(self) -> None:
        self._pluggy = pluggy.PluginManager(GROUP)
        self._pluggy.add_hookspecs(hookspecs)
        self.plugins: list[Plugin] = []

    def discover(self) -> None:
        """Load the core's own plugin and those installed (MMGEN_PLUGINS=a,b limits them)."""
        from mmgen import __version__, builtin

        self.add(Plugin(CORE, "mmgen-core", __version__, builtin))
        wanted = os.environ.get("MMGEN_PLUGINS")
        names = None if wanted is None else {name.strip() for name in wanted.split(",")}
        seen = set()
        for entry in sorted(entry_points(GROUP), key=lambda item: item.name):
            if (entry.name, entry.value) in seen or (names is not None and entry.name not in names):
                continue
            seen.add((entry.name, entry.value))
            self._load(entry)

    def _load(self, entry: EntryPoint) -> None:
        plugin = Plugin(entry.name, entry.distribution, entry.version)
        try:
            plugin.module = import_module(entry.value)
        except (Exception, SystemExit) as error:
            plugin.broken = _in_one_line(f"import failed: {type(error).__name__}: {error}")
        self.add(plugin)

    def add(self, plugin: Plugin) -> None:
        """Register a plugin's hooks and read what it brings; a failure marks it as broken."""
        self.plugins.append(plugin)
        if plugin.broken or plugin.module is None:
            return
        try:
            self._check_version(plugin)
            self._register(plugin)
            for hook in _LISTS:
                self._read_list(plugin, hook)
            self._read_registry(plugin)
        except PluginError as error:
            self.block(plugin, str(error))

    def block(self, plugin: Plugin, why: str) -> None:
        """Mark a plugin as broken; none of its hooks is called from here on."""
        plugin.broken = _in_one_line(why)
        for brought in (plugin.families, plugin.modalities, plugin.datasets, plugin.metrics):
            brought.clear()
        plugin.formats.clear()
        plugin.registry = None
        shared = any(p.module is plugin.module and not p.broken for p in self.plugins)
        if plugin.module is not None and not shared and self._pluggy.is_registered(plugin.module):
            self._pluggy.unregister(plugin.module)

    def _check_version(self, plugin: Plugin) -> None:
        stated = getattr(plugin.module, "MMGEN_API", None)
        if stated is None:
            raise PluginError(
                f"it does not state the core API it needs; add MMGEN_API = {API_VERSION}"
            )
        if stated != API_VERSION:
            newer = isinstance(stated, int) and stated > API_VERSION
            upgrade = "mmgen-core" if newer else plugin.distribution
            raise PluginError(
                f"it needs core API {stated}, this core has {API_VERSION}; "
                f"run pip install --upgrade {upgrade}"
            )

    def _register(self, plugin: Plugin) -> None:
        module = plugin.module
        assert module is not None
        specified = {name for name in vars(hookspecs) if name.startswith("mmgen_")}
        for name in vars(module):
            value = getattr(module, name)
            if not isroutine(value):
                continue
            mark: dict[str, Any] | None = getattr(value, "mmgen_impl", None)
            hook = (mark or {}).get("specname") or name
            if mark is not None and hook not in specified:
                raise PluginError(f"there is no hook {hook!r}{did_you_mean(hook, specified)}")
            if mark is None and name in specified:
                raise PluginError(f"{name} is not marked as a hook; write @mmgen.hookimpl above it")
        if self._pluggy.is_registered(module):
            raise PluginError("its module is another plugin's already")
        try:
            self._pluggy.register(module, f"{plugin.name} #{len(self.plugins)}")
        except pluggy.PluginValidationError as error:
            reason = " ".join(str(error).split())
            raise PluginError(f"a hook has the wrong signature: {reason}") from error

    def _read_list(self, plugin: Plugin, hook: str) -> None:
        kind = _LISTS[hook]
        for result in self._results(plugin, hook):
            items = list(result) if isinstance(result, list | tuple) else None
            if items is None or not all(isinstance(item, kind) for item in items):
                raise PluginError(f"{hook} must return a list of {kind.__name__}; got {result!r}")
            getattr(plugin, hook.removeprefix("mmgen_")).extend(items)

    def _read_registry(self, plugin: Plugin) -> None:
        for result in self._results(plugin, "mmgen_models"):
            path = Path(result) if isinstance(result, str | Path) else None
            if path is None or not path.is_file():
                raise PluginError(
                    f"mmgen_models must return the path of a registry.toml; got {result!r}"
                )
            plugin.registry = path

    def _results(self, plugin: Plugin, hook: str, **arguments: Any) -> Iterator[Any]:
        """Call one hook of one plugin; what it raises becomes a PluginError."""
        for implementation in getattr(self._pluggy.hook, hook).get_hookimpls():
            if implementation.plugin is not plugin.module:
                continue
            if implementation.wrapper or implementation.hookwrapper:
                raise PluginError(f"{hook}: hook wrappers are not supported")
            values = [arguments[name] for name in implementation.argnames]
            try:
                result = implementation.function(*values)
            except PluginError as error:
                raise PluginError(f"{hook}: {error}") from error
            except (Exception, SystemExit) as error:
                raise PluginError(f"{hook} raised {type(error).__name__}: {error}") from error
            if result is not None:
                yield result

    def call(self, hook: str, **arguments: Any) -> list[tuple[Plugin, Any]]:
        """Call a hook of every working plugin; one that raises is blocked, with a warning.

        Returns:
            (plugin, result) for every result that is not None.
        """
        results = []
        for plugin in [item for item in self.plugins if not item.broken]:
            try:
                results += [(plugin, result) for result in self._results(plugin, hook, **arguments)]
            except PluginError as error:
                self._leave_out(plugin, error)
        return results

    def pass_on(
        self, hook: str, argument: str, value: Any, objection: Callable[[Any], str]
    ) -> tuple[Any, list[str]]:
        """Let one working plugin after the other replace a value.

        One that fails is blocked, with a warning: what it was to do is not done.

        Args:
            objection: says what is wrong with a result, or "".

        Returns:
            The last value, and the names of the plugins that replaced it.
        """
        names = []
        for plugin in [item for item in self.plugins if not item.broken]:
            try:
                for result in self._results(plugin, hook, **{argument: value}):
                    if why := objection(result):
                        raise PluginError(f"{hook} {why}")
                    value = result
                    names.append(plugin.name)
            except PluginError as error:
                self._leave_out(plugin, error)
        return value, names

    def _leave_out(self, plugin: Plugin, error: PluginError) -> None:
        """Block a plugin that failed at its work, and say so: no listing of this process will."""
        self.block(plugin, str(error))
        warnings.warn(
            f"plugin {plugin.name!r} is broken and left out: {plugin.broken}",
            MmgenWarning,
            stacklevel=3,
        )

    @property
    def families(self) -> list[tuple[Plugin, Family]]:
        """All families, each with the plugin that brings it."""
        return [(plugin, family) for plugin in self.plugins for family in plugin.families]

    def family(self, name: str) -> tuple[Plugin, Family]:
        """Return the family of that name and its plugin."""
        found = [pair for pair in self.families if pair[1].name == name]
        return _only("family", name, found, [family.name for _, family in self.families])

    def architecture(self, name: str, family: str = "") -> tuple[Plugin, Family, Architecture]:
        """Return an architecture by its name, its family and its plugin."""
        every = [
            (plugin, owner, architecture)
            for plugin, owner in self.families
            for architecture in owner.architectures
            if not family or owner.name == family
        ]
        found = [item for item in every if item[2].name == name]
        return _only("architecture", name, found, [item[2].name for item in every])

    def modality(self, name: str) -> Modality:
        """Return the kind of input of that name."""
        return self._named("modalities", "modality", name)

    def metric(self, name: str) -> Metric:
        """Return the measure of that name."""
        return self._named("metrics", "metric", name)

    def dataset(self, name: str) -> DatasetSource:
        """Return the data set of that name."""
        return self._named("datasets", "data set", name)

    def _named(self, attribute: str, kind: str, name: str) -> Any:
        every = [(plugin, item) for plugin in self.plugins for item in getattr(plugin, attribute)]
        found = [pair for pair in every if pair[1].name == name]
        return _only(kind, name, found, [item.name for _, item in every])[1]


def _in_one_line(text: str) -> str:
    return " ".join(text.split())


def _only(kind: str, name: str, found: list[Any], known: list[str]) -> Any:
    if not found:
        names = ", ".join(sorted(set(known))) or "none"
        near = did_you_mean(name, known) or "."
        raise UnknownNameError(f"unknown {kind} {name!r}{near} Installed: {names}")
    if len(found) > 1:
        owners = " and ".join(item[0].distribution for item in found)
        raise AmbiguousNameError(
            f"{kind} {name!r} is brought by {owners}; uninstall one, or set MMGEN_PLUGINS"
        )
    return found[0]


@cache
def manager() -> PluginManager:
    """Return the process's plugins, discovered at the first call."""
    plugins = PluginManager()
    plugins.discover()
    return plugins
