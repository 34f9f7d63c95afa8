"""Plugins for the length of a test."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mmgen.catalogue import catalogue
from mmgen.plugins import Plugin, manager
from mmgen.testing.outcome import ContractError


@contextmanager
def temporary_plugin(module: Any, name: str = "") -> Iterator[Plugin]:
    """Register a module (or any object with hooks and MMGEN_API) as a plugin for a while.

    Raises:
        ContractError: mmgen finds it broken; says why.
    """
    plugins = manager()
    known = [plugin for plugin in plugins.plugins if plugin.module is module]
    if known:
        yield known[0]
        return
    name = name or getattr(module, "__name__", "temporary").rpartition(".")[2]
    plugin = Plugin(name, f"mmgen-plugin-{name}", "0", module)
    plugins.add(plugin)
    catalogue.cache_clear()
    try:
        if plugin.broken:
            raise ContractError(f"the plugin is broken: {plugin.broken}")
        yield plugin
    finally:
        plugins.block(plugin, "it was registered for a test only")
        plugins.plugins.remove(plugin)
        catalogue.cache_clear()
