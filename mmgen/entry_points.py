"""The entry points of one group, read from the installed distributions' own files.

`importlib.metadata.entry_points` says the same, but importing it costs half as much as all the
rest of `mmgen list` (it brings in email, csv and zipfile), and it builds an object for every entry
point of every distribution. Where something other than a plain folder of files is on the path, it
is asked all the same.
"""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass

_METADATA = {".dist-info": "METADATA", ".egg-info": "PKG-INFO"}


@dataclass(frozen=True)
class EntryPoint:
    """A line "name = value" of a distribution's entry_points.txt."""

    name: str
    value: str
    distribution: str
    version: str


def entry_points(group: str) -> list[EntryPoint]:
    """Return the group's entry points; of two copies of a distribution the first on sys.path."""
    if not _only_folders():
        return _ask_importlib(group)
    found: list[EntryPoint] = []
    seen: set[str] = set()
    for folder in sys.path:
        for path, metadata_name in _distributions(folder or "."):
            key = os.path.basename(path).partition("-")[0].replace("_", "-").lower()  # noqa: PTH119
            if key not in seen:
                seen.add(key)
                found += _read(path, metadata_name, group)
    return found


def _only_folders() -> bool:
    """Return whether no zip file and no further finder can bring a distribution."""
    finders = [item for item in sys.meta_path if hasattr(item, "find_distributions")]
    return len(finders) <= 1 and not any(os.path.isfile(item) for item in sys.path)  # noqa: PTH113


def _distributions(folder: str) -> Iterator[tuple[str, str]]:
    """Yield (metadata folder, name of its metadata file)."""
    try:
        names = os.listdir(folder)  # noqa: PTH208
    except OSError:
        return
    for name in names:
        metadata_name = _METADATA.get(name[name.rfind(".") :])
        if metadata_name:
            yield f"{folder}/{name}", metadata_name


def _read(path: str, metadata_name: str, group: str) -> list[EntryPoint]:
    lines = _section(_text(f"{path}/entry_points.txt"), group)
    if not lines:
        return []
    header = _text(f"{path}/{metadata_name}").partition("\n\n")[0]
    fields = dict(line.split(": ", 1) for line in header.splitlines() if ": " in line)
    name, version = fields.get("Name", ""), fields.get("Version", "")
    pairs = [line.split("=", 1) for line in lines if "=" in line]
    return [EntryPoint(key.strip(), value.strip(), name, version) for key, value in pairs]


def _section(text: str, group: str) -> list[str]:
    lines: list[str] = []
    inside = False
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            inside = line == f"[{group}]"
        elif inside and line and not line.startswith("#"):
            lines.append(line)
    return lines


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            return file.read()
    except OSError:
        return ""


def _ask_importlib(group: str) -> list[EntryPoint]:
    from importlib import metadata

    return [
        EntryPoint(
            item.name,
            item.value,
            item.dist.name if item.dist else item.name,
            item.dist.version if item.dist else "",
        )
        for item in metadata.entry_points(group=group)
    ]
