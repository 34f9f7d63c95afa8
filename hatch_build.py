"""Build hook of the core's wheel: the zoo's index rides inside it.

A hook and not a force-include table, because that one also acts on editable installs: it would
leave a folder site-packages/mmgen with nothing but a stale copy of the index in it.
"""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class RegistryHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds the root's registry.toml to a standard wheel as mmgen/registry.toml."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "standard":
            build_data["force_include"]["registry.toml"] = "mmgen/registry.toml"
