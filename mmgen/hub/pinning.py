"""Pin models for a project, fetch what is pinned, and check what is here against its pins."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mmgen.catalogue import FileEntry, ModelEntry, catalogue
from mmgen.errors import LockError, MmgenError
from mmgen.hub.cache import cached_models, select
from mmgen.hub.fetch import fetch, is_commit
from mmgen.hub.locate import locate, verify
from mmgen.hub.lock import Lock, LockedModel, lock_to_write
from mmgen.hub.statements import StatedFile, matches, snapshot_folder, state_files, stated_by


@dataclass(frozen=True, kw_only=True)
class Check:
    """How the files of one model stand: `trouble` is "" where they are what was pinned."""

    name: str
    where: str
    files: int
    bytes: int
    trouble: str = ""


def pin(names: Iterable[str], lock: Lock | None = None) -> Lock:
    """Return the lock with these models pinned as they are now; their files are fetched.

    Args:
        names: zoo names, or "org/name[@revision]".
        lock: to add to; None is the one that holds here, or a new one in the working folder.

    Raises:
        LockError: a folder cannot be pinned, or a model is asked for at two revisions.
    """
    lock = lock or lock_to_write()
    models: dict[str, LockedModel] = {}
    for name in names:
        model = _pinned(name)
        if models.setdefault(model.name, model).revision != model.revision:
            raise LockError(f"{model.name!r} is asked for at two revisions; a lock pins one")
    return lock.having(models.values())


def _pinned(name: str) -> LockedModel:
    files = locate(name, obey=False)
    if files.source == "folder":
        raise LockError(f"{name!r} is a folder; only models of the zoo and the Hub are pinned")
    hashes = verify(files)
    asked = name.partition("@")[2]
    return LockedModel(
        name=files.name,
        source=files.source,
        repo=files.repo,
        plugin=files.plugin,
        revision=files.revision,
        asked="" if is_commit(asked) else asked,
        files=tuple(
            FileEntry(path=path, sha256=hashes[path], bytes=(files.folder / path).stat().st_size)
            for path in sorted(hashes)
        ),
    )


def sync(lock: Lock, done: Callable[[str, Path], None]) -> None:
    """Fetch what a lock pins, and nothing else; `done` hears each model's name and folder.

    Raises:
        LockError: an installed plugin bundles other weights than those pinned.
    """
    for model in lock.models:
        if model.source == "hub":
            done(model.name, fetch(model.repo, model.revision, pins=model.files).folder)
        else:
            files = locate(model.name, obey=lock)
            verify(files)
            done(model.name, files.folder)


def check_lock(lock: Lock) -> Iterator[Check]:
    """Yield how the models that a lock pins stand; nothing is fetched."""
    for model in lock.models:
        size = sum(file.bytes for file in model.files)
        try:
            folder = _folder_here(model, lock)
            trouble = compare(folder, stated_by(model.files))
        except MmgenError as error:
            trouble, folder = str(error), Path()
        yield Check(
            name=model.name,
            where=str(folder) if folder != Path() else "-",
            files=len(model.files),
            bytes=size,
            trouble=trouble and f"{trouble}; run mmgen sync" if model.source == "hub" else trouble,
        )


def _folder_here(model: LockedModel, lock: Lock) -> Path:
    if model.source == "hub":
        return snapshot_folder(model.repo, model.revision)
    return locate(model.name, obey=lock).folder


def check_here(names: Iterable[str]) -> Iterator[Check]:
    """Yield how models stand against the catalogue's pins or the Hub's hashes, by name or all.

    All are the bundled ones and those in the cache. No model is fetched.
    """
    names = list(names)
    if names:
        for name in names:
            try:
                yield from _check_named(name)
            except MmgenError as error:
                yield Check(name=name, where="-", files=0, bytes=0, trouble=str(error))
        return
    here = {(model.repo, model.commit) for model in cached_models()}
    for entry in catalogue().entries:
        if entry.folder is not None and not entry.repo:
            yield _check_entry(entry, entry.folder)
        elif (entry.repo, entry.revision) in here:
            here.discard((entry.repo, entry.revision))
            yield _check_entry(entry, snapshot_folder(entry.repo, entry.revision))
    for repo, commit in sorted(here):
        yield _check_commit(repo, commit)


def _check_named(name: str) -> Iterator[Check]:
    if "/" not in name and "\\" not in name:
        entry = catalogue().find_usable(name)
        if entry.repo:
            yield _check_cached_entry(entry)
        else:
            yield _check_entry(entry, locate(name, obey=False).folder)
    elif Path(name).expanduser().is_dir() or name.startswith((".", "/", "~")):
        files = locate(name)
        hashes = verify(files)
        size = sum((files.folder / path).stat().st_size for path in hashes)
        yield Check(name=name, where=str(files.folder), files=len(hashes), bytes=size)
    else:
        for model in select([name]):
            yield _check_commit(model.repo, model.commit)


def _check_cached_entry(entry: ModelEntry) -> Check:
    folder = snapshot_folder(entry.repo, entry.revision)
    if folder.is_dir():
        return _check_entry(entry, folder)
    trouble = f"it is not in the cache; fetch it: mmgen download {entry.name}"
    return Check(
        name=entry.name, where="-", files=len(entry.files), bytes=entry.bytes, trouble=trouble
    )


def _check_entry(entry: ModelEntry, folder: Path) -> Check:
    return Check(
        name=entry.name,
        where=str(folder),
        files=len(entry.files),
        bytes=entry.bytes,
        trouble=compare(folder, stated_by(entry.files)),
    )


def _check_commit(repo: str, commit: str) -> Check:
    name, folder = f"{repo}@{commit[:12]}", snapshot_folder(repo, commit)
    try:
        stated = state_files(repo, commit)
    except MmgenError as error:
        return Check(name=name, where=str(folder), files=0, bytes=0, trouble=str(error))
    size = sum(file.bytes for file in stated)
    trouble = compare(folder, stated)
    return Check(name=name, where=str(folder), files=len(stated), bytes=size, trouble=trouble)


def compare(folder: Path, stated: Iterable[StatedFile]) -> str:
    """Return what is wrong with the files of a folder, or ""."""
    for file in stated:
        if not (folder / file.path).is_file():
            return f"{file.path} is not here"
        if not matches(folder / file.path, file):
            return f"{file.path} is damaged"
    return ""
