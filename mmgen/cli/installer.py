"""Install and remove plugins with this environment's own installer: pip, or else uv.

Only distributions that the shipped index names are ever installed.
"""

import importlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec

from mmgen.catalogue import catalogue
from mmgen.cli.output import note
from mmgen.errors import NotInstalledError, PluginError, UnknownNameError, did_you_mean
from mmgen.plugins import manager

CORE_DISTRIBUTION = "mmgen-core"


def official_plugins() -> dict[str, str]:
    """Return {family: distribution} of the shipped index."""
    return {name: family["plugin"] for name, family in catalogue().index.families.items()}


def find_official(name: str) -> str:
    """Return the distribution for a family, a model or a distribution of the shipped index.

    Raises:
        UnknownNameError: the index does not have it, so it is not installed.
    """
    official = official_plugins()
    models = {entry.name: entry.plugin for entry in catalogue().index.models}
    known = models | official | {item: item for item in official.values()}
    if name in known:
        return known[name]
    near = did_you_mean(name, known) or "."
    raise UnknownNameError(
        f"{name!r} is not in the zoo's index{near} Official plugins: "
        f"{', '.join(sorted(set(official.values()))) or 'none'}. "
        "Install a plugin of someone you trust with pip yourself"
    )


def find_installed(name: str) -> str:
    """Return the distribution of an installed plugin, named by itself or its distribution.

    Raises:
        UnknownNameError: no plugin of that name is installed.
    """
    plugins = [item for item in manager().plugins if item.distribution != CORE_DISTRIBUTION]
    names = {plugin.name: plugin.distribution for plugin in plugins}
    names |= {plugin.distribution: plugin.distribution for plugin in plugins}
    if name not in names:
        near = did_you_mean(name, names) or "."
        raise UnknownNameError(
            f"plugin {name!r} is not installed{near} Installed: {', '.join(names) or 'none'}"
        )
    return names[name]


def install(distribution: str) -> None:
    """Install a distribution and look for plugins again.

    Raises:
        NotInstalledError: the installer failed.
    """
    _run(["install", distribution])
    forget_plugins()


def uninstall(distribution: str) -> None:
    """Remove a distribution.

    Raises:
        NotInstalledError: the installer failed.
    """
    _run(["uninstall", distribution])
    forget_plugins()


def forget_plugins() -> None:
    """Let the next question discover plugins and models anew."""
    importlib.invalidate_caches()
    manager.cache_clear()
    catalogue.cache_clear()


def installer_command(action: str) -> list[str]:
    """Return the command that installs ("install") or removes ("uninstall") in this environment.

    Raises:
        PluginError: neither pip nor uv is here.
    """
    if find_spec("pip") is not None:
        agree = ["--yes"] if action == "uninstall" else []
        return [sys.executable, "-m", "pip", "--disable-pip-version-check", action, *agree]
    uv = shutil.which("uv")
    if uv is not None:
        return [uv, "pip", action, "--python", sys.executable]
    raise PluginError(f"neither pip nor uv is found for {sys.executable}; install one of them")


def _run(arguments: Sequence[str]) -> None:
    command = [*installer_command(arguments[0]), *arguments[1:]]
    note("$ " + " ".join(command))
    # The installer's words are messages; stdout is kept for results.
    code = subprocess.run(command, stdout=sys.stderr, check=False).returncode
    if code:
        shown = " ".join(command)
        raise NotInstalledError(f"the installer failed with exit code {code}: {shown}", shown)
