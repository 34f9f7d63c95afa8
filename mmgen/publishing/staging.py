"""What is published, gathered in a folder before anything is sent."""

import shutil
import warnings
from pathlib import Path

from mmgen.errors import MmgenError, MmgenWarning
from mmgen.hub.fetch import fetch
from mmgen.hub.locate import ModelFiles, locate, verify
from mmgen.interfaces.model import Model
from mmgen.pretrained.folder import is_same, load_folder, save
from mmgen.publishing.card import CARD_NAME

_PUBLISHED = (".json", ".safetensors", ".txt")


def stage(source: str | Path | Model, folder: Path) -> ModelFiles | None:
    """Copy what is published into a folder; return where it was, None for a model in memory.

    A model in memory that is, bit for bit, still what was loaded is published from there: so the
    record of its training, and what the catalogue says of it, go with it.

    Raises:
        MmgenError: there is no such model, or a file of it is not what was pinned.
    """
    files = _find_loaded(source) if isinstance(source, Model) else _find(source)
    if files is None:
        assert isinstance(source, Model)
        save(source, folder)
        return None
    if files.repo:  # all of it: the catalogue and a lock pin what is needed to load
        fetch(files.repo, files.revision)
    verify(files)
    for path in sorted(files.folder.rglob("*")):
        relative = path.relative_to(files.folder)
        if path.is_file() and _is_published(relative):
            (folder / relative).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, folder / relative)
    return files


def _find(source: str | Path) -> ModelFiles:
    relative = isinstance(source, Path) and not source.is_absolute()
    return locate(f"./{source}" if relative else str(source))


def _find_loaded(model: Model) -> ModelFiles | None:
    """Return the files that a model was loaded from; None where it is another one now."""
    origin = model.origin
    if origin is None:
        return None
    of_hub = origin.source == "hub" and "/" in origin.name
    try:
        files = locate(origin.name, revision=origin.revision if of_hub else None)
        if is_same(model, load_folder(files.folder)):
            return files
        why = f"the model is not that of {origin.name!r} any more"
    except MmgenError as error:
        why = str(error)
    warnings.warn(
        f"{why}; it is published as it is in memory, without a record of its training",
        MmgenWarning,
        stacklevel=3,
    )
    return None


def _is_published(relative: Path) -> bool:
    hidden = any(part.startswith(".") for part in relative.parts)
    return not hidden and (relative.suffix in _PUBLISHED or relative.as_posix() == CARD_NAME)
