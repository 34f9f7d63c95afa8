"""The models of mmgen in the Hub client's own cache: which there are, and what they weigh."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmgen.catalogue import catalogue, hub_cache, own_cache
from mmgen.errors import OutputError, UnknownNameError, did_you_mean
from mmgen.hub.lock import active_lock
from mmgen.hub.scan import scan

if TYPE_CHECKING:
    from huggingface_hub import CachedRepoInfo, HFCacheInfo

_PARTIAL_SECONDS = 600.0


@dataclass(frozen=True, kw_only=True)
class CachedModel:
    """A commit of a repository in the cache.

    Attributes:
        refs: branches and tags that were this commit when they were last seen.
        bytes: of its files; commits may share some.
        pinned: names by which the catalogue or the lock that holds here pins it.
        last_used: seconds since 1970.
    """

    repo: str
    commit: str
    folder: Path
    bytes: int
    refs: tuple[str, ...]
    pinned: tuple[str, ...]
    last_used: float


def cached_models() -> list[CachedModel]:
    """Return what the cache holds of mmgen, repository after repository, the last used first."""
    pins = _pins()
    found = [
        CachedModel(
            repo=repo.repo_id,
            commit=revision.commit_hash,
            folder=revision.snapshot_path,
            bytes=revision.size_on_disk,
            refs=tuple(sorted(revision.refs)),
            pinned=tuple(pins.get((repo.repo_id, revision.commit_hash), ())),
            last_used=repo.last_accessed,
        )
        for repo in scan()
        for revision in repo.revisions
        if _is_model(repo.repo_id, revision.commit_hash, revision.snapshot_path)
    ]
    return sorted(found, key=lambda model: (model.repo, -model.last_used, model.commit))


def _is_model(repo: str, commit: str, folder: Path) -> bool:
    """Return whether a commit in the cache is a model of mmgen, though it be damaged."""
    ours = is_ours(folder / "config.json")
    return ours if ours is not None else _tree(repo, commit).is_file()


def is_ours(config: Path) -> bool | None:
    """Return whether a config.json is one of mmgen's; None where it cannot be read."""
    import json

    try:
        data = json.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return isinstance(data, dict) and {"format", "family", "architecture"} <= data.keys()


def _tree(repo: str, commit: str) -> Path:
    """Return where is kept what the Hub states of a commit that was asked for as a model."""
    return own_cache() / "trees" / repo.replace("/", "--") / f"{commit}.json"


def remove(models: Iterable[CachedModel]) -> int:
    """Remove commits from the cache; files that other commits share stay. Returns bytes freed.

    Raises:
        OutputError: the cache is not writable.
    """
    models = list(models)
    if not models:
        return 0
    freed = 0
    try:
        for repo in scan():
            commits = {model.commit for model in models if model.repo == repo.repo_id}
            if commits:
                # One at a time: repositories may share commits, and the client takes any of them.
                strategy = _info(repo).delete_revisions(*commits)
                strategy.execute()
                freed += strategy.expected_freed_size
        for model in models:
            _tree(model.repo, model.commit).unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{hub_cache()} is not writable: {error}") from error
    left = [model for model in models if model.folder.exists()]
    if left:
        raise OutputError(f"{left[0].folder} could not be removed; is the cache writable?")
    return freed


def _info(repo: "CachedRepoInfo") -> "HFCacheInfo":
    """Return a cache with one repository, as the client describes caches."""
    from huggingface_hub import HFCacheInfo

    said: dict[str, Any] = {
        "size_on_disk": repo.size_on_disk,
        "repos": frozenset({repo}),
        "incomplete_files": frozenset(),
        "warnings": [],
        "cache_dir": repo.repo_path.parent,
    }
    return HFCacheInfo(**{item.name: said[item.name] for item in fields(HFCacheInfo)})


def stale() -> list[CachedModel]:
    """Return the commits that no branch, tag, catalogue or lock names any more."""
    return [model for model in cached_models() if not model.refs and not model.pinned]


def remove_partial() -> int:
    """Remove what broken downloads of models of mmgen left; return bytes freed.

    A download that wrote within the last minutes may be under way, in another process.
    """
    freed = 0
    asked = {path.name for path in (own_cache() / "trees").glob("*") if path.is_dir()}
    foreign = {
        path.parts[-4].removeprefix("models--")
        for path in hub_cache().glob("models--*/snapshots/*/config.json")
        if is_ours(path) is False
    }
    ours = (asked - foreign) | {model.repo.replace("/", "--") for model in cached_models()}
    for path in hub_cache().glob("models--*/blobs/*.incomplete"):
        if path.parts[-3].removeprefix("models--") not in ours:
            continue
        try:
            state = path.stat()
            if time.time() - state.st_mtime > _PARTIAL_SECONDS:
                path.unlink()
                freed += state.st_size
        except OSError:  # in use, or gone already
            continue
    return freed


def select(names: Iterable[str]) -> list[CachedModel]:
    """Return the cached commits of repositories, zoo names, or "org/name@revision".

    Raises:
        UnknownNameError: a name that matches nothing in the cache.
    """
    models = cached_models()
    chosen: list[CachedModel] = []
    for name in names:
        repo, _, revision = name.partition("@")
        found = [
            model
            for model in models
            if (repo == model.repo or repo in model.pinned)
            and (not revision or model.commit.startswith(revision) or revision in model.refs)
        ]
        if not found:
            near = did_you_mean(repo, {model.repo for model in models}) or "."
            raise UnknownNameError(f"{name!r} is not in the cache{near} All: mmgen cache list")
        chosen += [model for model in found if model not in chosen]
    return chosen


def _pins() -> dict[tuple[str, str], list[str]]:
    """Return the names that pin a commit, by (repo, commit)."""
    pins: dict[tuple[str, str], list[str]] = {}
    for entry in catalogue().entries:
        if entry.repo:
            pins.setdefault((entry.repo, entry.revision), []).append(entry.name)
    lock = active_lock()
    for model in lock.models if lock else ():
        if model.repo:
            names = pins.setdefault((model.repo, model.revision), [])
            names += [] if model.name in names else [model.name]
    return pins
