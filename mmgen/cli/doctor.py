"""`mmgen doctor`: is this installation sound?"""

import importlib
import os
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import mmgen
from mmgen.catalogue import catalogue, hub_cache
from mmgen.cli.commands import plugin_commands
from mmgen.cli.output import JSON_OPTION, examples, note, print_json
from mmgen.cli.sheet import Sheet, Table
from mmgen.cli.words import file_size
from mmgen.plugins import manager

if TYPE_CHECKING:
    from importlib.metadata import Distribution

_LIBRARIES = ("torch", "numpy", "pillow", "safetensors", "huggingface-hub", "click", "pluggy")
_EXTRAS = ("accelerate", "datasets", "tensorboard")


@click.command(
    "doctor",
    epilog=examples(
        "mmgen doctor",
        "mmgen doctor --json",
        more="Exit code: 1 where something is wrong.",
    ),
)
@JSON_OPTION
def command(as_json: bool) -> int:
    """Check this installation.

    Versions, devices, distributions that clash, broken plugins, the cache of downloaded models.
    """
    facts = examine()
    if as_json:
        print_json(facts)
    else:
        click.echo(_sheet(facts).to_text())
    problems = facts["problems"]
    for problem in problems:
        note(f"problem: {problem}")
    return 1 if problems else 0


def examine() -> dict[str, Any]:
    """Return all that is found, JSON-able."""
    devices, device_problems = _devices()
    plugin_commands()  # what fails here, or as the catalogue is read, is broken
    models = catalogue()
    plugins = [
        {"name": item.name, "distribution": item.distribution, "version": item.version,
         "status": item.status}
        for item in manager().plugins
    ]  # fmt: skip
    broken = [
        f"plugin {row['name']} ({row['distribution']}) is {row['status']}"
        for row in plugins
        if row["status"] != "ok"
    ]
    shared = [f"model {name!r} is {why}" for name, why in models.shared.items()]
    cache = hub_cache()
    size = _size_of_folder(cache)
    return {
        "mmgen-core": mmgen.__version__,
        "folder": str(Path(mmgen.__file__).parent),
        "python": f"{platform.python_version()} ({sys.executable})",
        "system": platform.platform(),
        "libraries": {name: _version(name) for name in (*_LIBRARIES, *_EXTRAS)},
        "devices": devices,
        "plugins": plugins,
        "models": {
            "known": len(models.entries),
            "installed": sum(entry.installed for entry in models.entries),
        },
        "cache": {"folder": str(cache), "bytes": size},
        "problems": [*clashes(), *_missing_libraries(), *device_problems, *broken, *shared],
    }


def clashes() -> list[str]:
    """Return a sentence where two distributions own a package of mmgen's.

    The name `mmgen` on the package index is another project, with a package of the same name.
    """
    from importlib import metadata

    problems = []
    owners: dict[str, set[str]] = {}
    for distribution in metadata.distributions():
        for package in _packages(distribution):
            owners.setdefault(package, set()).add(distribution.name)
    for package, names in sorted(owners.items()):
        if len(names) > 1:
            shown = " and ".join(sorted(names))
            problems.append(
                f"{shown} both own the package {package!r}; uninstall all but the right one "
                "and reinstall it (mmgen's core is mmgen-core)"
            )
    return problems


def _packages(distribution: "Distribution") -> set[str]:
    """Return the top packages of mmgen's that a distribution's record of files names."""
    names = {
        Path(str(file)).parts[0]
        for file in distribution.files or ()
        if str(file).startswith("mmgen") and len(Path(str(file)).parts) > 1
    }
    names = {name for name in names if name.isidentifier()}
    if distribution.name.replace("_", "-").lower() == "mmgen-core":
        names.add("mmgen")  # an editable install records no file of the package
    return names


def _missing_libraries() -> list[str]:
    return [
        f"{name} is not installed; run pip install --force-reinstall mmgen-core"
        for name in _LIBRARIES
        if _version(name) is None
    ]


def _version(distribution: str) -> str | None:
    from importlib import metadata

    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _devices() -> tuple[list[str], list[str]]:
    """Return the devices in words, and what is wrong with torch."""
    try:
        torch = importlib.import_module("torch")
        devices = [f"cpu ({torch.get_num_threads()} threads)"]
        for number in range(torch.cuda.device_count()):
            properties = torch.cuda.get_device_properties(number)
            memory = file_size(properties.total_memory)
            devices.append(f"cuda:{number} ({properties.name}, {memory})")
        if torch.backends.mps.is_available():
            devices.append("mps")
    except Exception as error:  # a damaged torch raises anything
        return [], [f"torch does not work: {type(error).__name__}: {error}"]
    return devices, []


def _size_of_folder(folder: Path) -> int:
    """Return the bytes of all files; links are not counted twice."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            file = Path(path, name)
            if not file.is_symlink():
                total += file.lstat().st_size
    return total


def _sheet(facts: dict[str, Any]) -> Sheet:
    cache = facts["cache"]
    models = facts["models"]
    lines = [
        ("folder", facts["folder"]),
        ("python", facts["python"]),
        ("system", facts["system"]),
        ("devices", ", ".join(facts["devices"])),
        ("models", f"{models['installed']} of {models['known']} known ones are installed"),
        ("cache", f"{cache['folder']} ({file_size(cache['bytes'])})"),
        ("problems", str(len(facts["problems"]) or "none")),
    ]
    libraries = [(name, version or "not installed") for name, version in facts["libraries"].items()]
    plugins = [tuple(row.values()) for row in facts["plugins"]]
    tables = [
        Table("Libraries", ("NAME", "VERSION"), libraries),
        Table("Plugins", ("NAME", "DISTRIBUTION", "VERSION", "STATUS"), plugins),
    ]
    return Sheet(f"mmgen-core {facts['mmgen-core']}", facts, lines, tables)
