"""mmgen.lock: which commit and which bytes of each model a project uses.

A TOML file beside the project's code, written by `mmgen lock`. Models of the Hub are pinned by
commit, bundled ones by their plugin's version, both by the sha256 of every file.
"""

import os
import tomllib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from mmgen.catalogue import FileEntry, is_hex
from mmgen.catalogue_index import write_toml
from mmgen.errors import LockError, OutputError

LOCK_NAME = "mmgen.lock"
VARIABLE = "MMGEN_LOCK"
_SCHEMA = 1
_HEADER = "# Written by mmgen lock. Fetch these models: mmgen sync. Check: mmgen verify --lock\n"


@dataclass(frozen=True, kw_only=True)
class LockedModel:
    """One pinned model.

    Attributes:
        name: as it is asked for: a zoo name, or a Hub repository.
        source: "hub" or "package".
        repo: on the Hub; "" for bundled weights.
        plugin: the distribution that bundles the weights; "" for a model of the Hub.
        revision: the 40-hex commit, or the plugin's version.
        asked: the branch or tag that was the commit when it was pinned; "" for the default one.
    """

    name: str
    source: str
    revision: str
    files: tuple[FileEntry, ...]
    repo: str = ""
    plugin: str = ""
    asked: str = ""


@dataclass(frozen=True)
class Lock:
    """The content of a mmgen.lock."""

    path: Path
    models: tuple[LockedModel, ...] = ()

    def find(self, name: str) -> LockedModel | None:
        """Return what pins a model, or None."""
        return next((model for model in self.models if model.name == name), None)

    def having(self, models: Iterable[LockedModel]) -> "Lock":
        """Return the lock with these models, in place of older pins of theirs."""
        kept = {model.name: model for model in (*self.models, *models)}
        return replace(self, models=tuple(kept[name] for name in sorted(kept)))

    def without(self, names: Iterable[str]) -> "Lock":
        """Return the lock without these models.

        Raises:
            LockError: one is not in it.
        """
        gone = set(names)
        for name in sorted(gone):
            if self.find(name) is None:
                raise LockError(f"{self.path} does not pin {name!r}")
        return replace(self, models=tuple(m for m in self.models if m.name not in gone))

    def only(self, names: Iterable[str]) -> "Lock":
        """Return the lock with these models alone.

        Raises:
            LockError: one is not in it.
        """
        wanted = set(names)
        self.without(wanted)
        return replace(self, models=tuple(m for m in self.models if m.name in wanted))

    def write(self) -> None:
        """Write the file, whole or not at all.

        Raises:
            OutputError: it cannot be written.
        """
        tables = [
            {key: value for key, value in asdict(model).items() if value not in ("", ())}
            | {"files": [asdict(file) for file in model.files]}
            for model in self.models
        ]
        text = _HEADER + write_toml({"schema": _SCHEMA, "models": tables})
        partial = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            partial.write_text(text, encoding="utf-8")
            partial.replace(self.path)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise OutputError(f"{self.path} was not written: {error}") from error


def active_lock() -> Lock | None:
    """Return the lock that holds here, or None.

    It is the one that MMGEN_LOCK names (none where that is empty), else the first in the working
    folder and its parents, up to one that holds a `.git`.

    Raises:
        LockError: it cannot be read, or MMGEN_LOCK names a file that does not exist.
    """
    named = os.environ.get(VARIABLE)
    if named == "":
        return None
    if named is not None:
        path = Path(named).expanduser()
        if not path.is_file():
            raise LockError(
                f"{VARIABLE} names {named!r}, which does not exist; unset or correct it"
            )
        return read_lock(path)
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / LOCK_NAME).is_file():
            return read_lock(folder / LOCK_NAME)
        if (folder / ".git").exists():
            break
    return None


def lock_to_write(path: Path | None = None) -> Lock:
    """Return the lock that models are pinned in: of that path, else the one that holds here.

    Without one it is the working folder's, with what it pins, or a new one there.

    Raises:
        LockError: it cannot be read.
    """
    active = active_lock() if path is None else None
    if active is not None:
        return active
    path = path or Path.cwd() / LOCK_NAME
    return read_lock(path) if path.is_file() else Lock(path)


def read_lock(path: Path) -> Lock:
    """Read a mmgen.lock.

    Raises:
        LockError: it is not one; says where.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise LockError(f"{path} cannot be read: {error}") from error
    if data.get("schema") != _SCHEMA:
        raise LockError(
            f"{path} has schema {data.get('schema')!r}, this mmgen reads {_SCHEMA}; "
            "run pip install --upgrade mmgen-core"
        )
    tables = data.get("models", [])
    if not isinstance(tables, list):
        raise LockError(f"{path}: 'models' must be tables, [[models]]")
    models = tuple(_read_model(item, path) for item in tables)
    names = [model.name for model in models]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise LockError(f"{path} pins {twice[0]!r} twice")
    return Lock(path, models)


def _read_model(item: Any, path: Path) -> LockedModel:
    name = item.get("name") if isinstance(item, dict) else item
    try:
        model = LockedModel(**{**item, "files": tuple(FileEntry(**f) for f in item["files"])})
    except (TypeError, KeyError) as error:
        raise LockError(f"{path}: model {name!r} breaks the schema: {error}") from error
    texts = (model.name, model.source, model.repo, model.plugin, model.revision, model.asked)
    if not all(isinstance(text, str) for text in texts) or not model.name or not model.files:
        raise LockError(f"{path}: model {name!r} lacks a name or files")
    known = {"hub": model.repo, "package": model.plugin}
    if not known.get(model.source):
        raise LockError(
            f"{path}: the source of {name!r} must be hub, with repo, or package, with plugin"
        )
    if model.source == "hub" and not is_hex(model.revision, 40):
        raise LockError(f"{path}: the revision of {name!r} must be a 40-hex commit")
    for file in model.files:
        if not isinstance(file.path, str) or not is_hex(file.sha256, 64):
            raise LockError(f"{path}: {name!r} needs a path and a sha256 for every file")
        if type(file.bytes) is not int or file.bytes < 0:
            raise LockError(f"{path}: {name!r} needs the bytes of {file.path!r}, a whole number")
        parts = file.path.split("/")
        if any(part in ("", ".", "..") or "\\" in part for part in parts):
            raise LockError(f"{path}: {file.path!r} leads out of the folder of {name!r}")
    return model
