"""MODEL, as the user names it: what is known of it before anything heavy is imported."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmgen.catalogue import ModelEntry, catalogue
from mmgen.cli.output import note
from mmgen.errors import (
    MmgenError,
    ModelFileError,
    NotInstalledError,
    UnknownNameError,
)
from mmgen.options import Options
from mmgen.plugins import manager
from mmgen.slots import Size, Slot


@dataclass(frozen=True, kw_only=True)
class Target:
    """A model that is about to be loaded.

    Attributes:
        name: as `mmgen.from_pretrained` takes it.
        slots: those that are known; None where only the loaded model can tell.
        complete: whether `slots` are all of them.
        kind: "generator" or "encoder"; "" where only the loaded model can tell.
        generation, size: the options of `generate`, and the size of the pictures; None where only
            the loaded model can tell.
    """

    name: str
    slots: tuple[Slot, ...] = ()
    complete: bool = False
    kind: str = ""
    generation: type[Options] | None = None
    size: Size | None = None

    @property
    def stem(self) -> str:
        """A word for file names."""
        path = Path(self.name.partition("@")[0])
        inner = path.parent.name if path.name == "model" else ""  # a run's model
        return inner or path.name or "samples"


def find_target(name: str, *, install: bool = False) -> Target:
    """Return what is known of a zoo name, a folder or a Hub repository.

    Args:
        install: install an official plugin that is missing.

    Raises:
        UnknownNameError, NotInstalledError, PluginError, ModelFileError: in words, with what to do.
    """
    if "/" in name or "\\" in name:
        return _of_place(name)
    entry = _find_entry(name, install)
    generation = _generation(entry.architecture, entry.family)
    return Target(
        name=name,
        slots=entry.slots,
        complete=True,
        kind=entry.kind,
        generation=generation,
        size=entry.size,
    )


def _find_entry(name: str, install: bool) -> ModelEntry:
    try:
        return catalogue().find_usable(name)
    except UnknownNameError as error:
        if Path(name).is_dir():
            raise UnknownNameError(f"{error} (a folder is named with a slash: ./{name})") from None
        raise
    except NotInstalledError as error:
        if not install:
            raise NotInstalledError(f"{error} (or add --yes)", error.command) from None
    from mmgen.cli import installer

    installer.install(installer.find_official(name))
    return catalogue().find_usable(name)


def _generation(architecture: str, family: str) -> type[Options] | None:
    try:
        return manager().architecture(architecture, family)[2].generation
    except MmgenError:
        return None  # loading the model says why, better


def _of_place(name: str) -> Target:
    path = Path(name).expanduser()
    if not path.is_dir():
        if name.startswith((".", "/", "~")):
            raise ModelFileError(f"folder {name!r} does not exist; a zoo name has no '/'")
        return Target(name=name)  # the Hub's
    inner = path / "model"  # a training run keeps its model there
    folder = inner if not (path / "config.json").exists() and inner.is_dir() else path
    config = _read(folder / "config.json")
    generation = _generation(str(config.get("architecture")), str(config.get("family")))
    return Target(
        name=name,
        slots=tuple(_label_slots(folder, config)),
        kind=str(config.get("kind", "")),
        generation=generation,
    )


def _label_slots(folder: Path, config: dict[str, Any]) -> list[Slot]:
    """Return the slots of labels; encoders of texts and sounds may know classes too."""
    slots = []
    for name in (config.get("conditioner") or {}).get("slots", []):
        part = _read(folder / str(name) / "config.json")
        if part.get("architecture") != "label-embedding":
            continue
        classes = (part.get("config") or {}).get("classes")
        if classes:
            slots.append(Slot(name=name, modality="label", classes=tuple(classes)))
    return slots


def _read(path: Path) -> dict[str, Any]:
    """Return a config's content; loading the model says what is wrong with a damaged one."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def note_size(target: Target) -> None:
    """Say so when the weights have to be fetched first."""
    from mmgen.catalogue import weights_present
    from mmgen.cli.words import file_size

    if not target.complete:
        return
    entry = catalogue().find(target.name)
    if not weights_present(entry):
        note(f"fetching {entry.name}: {file_size(entry.bytes)} from {entry.repo}")
