"""From what the user names to the files of a model: in the catalogue, in a folder, on the Hub.

Where a mmgen.lock holds, the models that it pins are those and no others.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mmgen.catalogue import FileEntry, ModelEntry, catalogue
from mmgen.errors import (
    CorruptFileError,
    InputError,
    LockError,
    ModelFileError,
    RepositoryNotFoundError,
    UnknownNameError,
)
from mmgen.hub.fetch import Hear, fetch
from mmgen.hub.lock import Lock, LockedModel, active_lock
from mmgen.hub.model_files import model_files
from mmgen.hub.verdicts import file_sha256
from mmgen.plugins import manager

_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(@[\w./-]+)?")


@dataclass(frozen=True, kw_only=True)
class ModelFiles:
    """Where a model's files are, and what they must be.

    Attributes:
        source: "package", "folder" or "hub".
        revision: the 40-hex commit, or the plugin's version for bundled weights.
        sha256: by path; empty where nothing is known of them.
        repo: on the Hub, or "".
        plugin: the distribution that bundles the weights, or "".
    """

    name: str
    folder: Path
    source: str
    revision: str = ""
    sha256: Mapping[str, str] = field(default_factory=dict)
    repo: str = ""
    plugin: str = ""


def locate(
    name: str,
    *,
    revision: str | None = None,
    obey: Lock | bool = True,
    hear: Hear | None = None,
) -> ModelFiles:
    """Find the files of a model, fetched where they are on the Hub and not here.

    Args:
        name: a zoo name, a folder with a "/", or "org/name[@revision]".
        revision: of a Hub repository: a branch, tag or commit.
        obey: keep to this lock; True is the mmgen.lock that holds here, False none.
        hear: is told when something out of the usual is done.

    Raises:
        UnknownNameError, NotInstalledError, ModelFileError, HubError, LockError.
    """
    lock = active_lock() if obey is True else obey or None
    path = Path(name).expanduser()
    if "/" not in name and "\\" not in name:
        if revision is not None:
            raise InputError(f"a revision is one of a Hub repository; {name!r} is a zoo name")
        return _of_catalogue(_find(name), lock, hear)
    if path.is_dir():
        inner = path / "model"  # a training run keeps its model there
        folder = inner if not (path / "config.json").exists() and inner.is_dir() else path
        return ModelFiles(name=name, folder=folder, source="folder")
    if name.startswith((".", "/", "~")) or not _HUB_NAME.fullmatch(name):
        raise ModelFileError(
            f"folder {name!r} does not exist; a zoo name has no '/', and a model of the Hub is "
            "org/name or org/name@revision"
        )
    repo, _, asked = name.partition("@")
    if asked and revision not in (None, asked):
        raise InputError(f"{name!r} names revision {asked!r}, the call {revision!r}; leave one out")
    try:
        return _of_repository(repo, revision or asked or None, lock, hear)
    except RepositoryNotFoundError as error:  # perhaps a folder was meant
        raise RepositoryNotFoundError(f"there is no folder {name!r}, and {error}") from error


def _find(name: str) -> ModelEntry:
    try:
        return catalogue().find_usable(name)
    except UnknownNameError as error:
        if Path(name).is_dir():
            raise UnknownNameError(f"{error} (a folder is named with a slash: ./{name})") from None
        raise


def _of_catalogue(entry: ModelEntry, lock: Lock | None, hear: Hear | None) -> ModelFiles:
    pinned = lock.find(entry.name) if lock else None
    if pinned is not None and pinned.source == "hub":
        return _fetched(entry.name, pinned.repo, pinned.revision, pinned.files, hear)
    if entry.repo and pinned is None:
        return _fetched(entry.name, entry.repo, entry.revision, entry.files, hear)
    version = _versions().get(entry.plugin, "")
    if lock is not None and pinned is not None:
        _check_bundled(entry, version, pinned, lock)
    if entry.folder is None or not entry.folder.is_dir():
        raise ModelFileError(
            f"the weights of {entry.name!r} are missing from {entry.plugin}; "
            f"run pip install --force-reinstall {entry.plugin}"
        )
    return ModelFiles(
        name=entry.name,
        folder=entry.folder,
        source="package",
        revision=version,
        sha256={file.path: file.sha256 for file in entry.files},
        plugin=entry.plugin,
    )


def _check_bundled(entry: ModelEntry, version: str, pinned: LockedModel, lock: Lock) -> None:
    """Raise LockError where the installed plugin does not bundle the pinned weights."""
    if not entry.repo and set(entry.files) == set(pinned.files):
        return
    raise LockError(
        f"{lock.path} pins {entry.name!r} as {pinned.plugin} {pinned.revision} bundles it; "
        f"installed is {version} with other weights. Run pip install "
        f"'{pinned.plugin}=={pinned.revision}', or pin what is here: mmgen lock {entry.name}"
    )


def _of_repository(
    repo: str, revision: str | None, lock: Lock | None, hear: Hear | None
) -> ModelFiles:
    pinned = lock.find(repo) if lock else None
    if lock is None or pinned is None:
        return _fetched(repo, repo, revision, (), hear)
    if revision not in (None, pinned.revision, pinned.asked or None):
        raise LockError(
            f"{lock.path} pins {repo!r} at {pinned.revision[:12]}, the call asks for {revision!r}; "
            f"leave the revision out, or pin it: mmgen lock {repo}@{revision}"
        )
    return _fetched(repo, repo, pinned.revision, pinned.files, hear)


def _fetched(
    name: str,
    repo: str,
    revision: str | None,
    pins: tuple[FileEntry, ...],
    hear: Hear | None,
) -> ModelFiles:
    snapshot = fetch(repo, revision, pins=pins, hear=hear)
    return ModelFiles(
        name=name,
        folder=snapshot.folder,
        source="hub",
        revision=snapshot.commit,
        sha256={file.path: file.sha256 for file in snapshot.files},
        repo=repo,
    )


def _versions() -> dict[str, str]:
    return {plugin.distribution: plugin.version for plugin in manager().plugins}


def verify(files: ModelFiles) -> dict[str, str]:
    """Return the sha256 (hex) of every file that makes the model.

    Raises:
        ModelFileError: one is missing.
        CorruptFileError: one differs from what the catalogue, the Hub or the lock says it is.
    """
    hashes = {}
    for relative in sorted(model_files(files.folder) | set(files.sha256)):
        path = files.folder / relative
        if not path.is_file():
            raise ModelFileError(f"{path} is missing; install or fetch it again")
        hashes[relative] = file_sha256(path)
        expected = files.sha256.get(relative, hashes[relative])
        if expected != hashes[relative]:
            raise CorruptFileError(
                f"{path} is not the file that was published: sha256 {hashes[relative][:12]}…, "
                f"expected {expected[:12]}…; install or fetch it again"
            )
    return hashes
