"""The models of mmgen in the Hub client's own cache: which there are, and what they weigh."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmgen.catalogue import catalogue, hub_cache, own_cache
from mmgen.errors import OutputError, UnknownNameError, did_you_mean
from mmgen.hub.lock import active_lock


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
        for repo in _repositories()
        if repo.repo_type == "model"
        for revision in repo.revisions
        if is_ours(revision.snapshot_path / "config.json")
    ]
    return sorted(found, key=lambda model: (model.repo, -model.last_used, model.commit))


def is_ours(config: Path) -> bool:
    """Return whether a config.json is one of mmgen's."""
    import json

    try:
        data = json.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(data, dict) and {"format", "family", "architecture"} <= data.keys()


def remove(models: Iterable[CachedModel]) -> int:
    """Remove commits from the cache; files that other commits share stay. Returns bytes freed.

    Raises:
        OutputError: the cache is not writable.
    """
    from huggingface_hub import scan_cache_dir

    models = list(models)
    if not models:
        return 0
    strategy = scan_cache_dir(hub_cache()).delete_revisions(*{model.commit for model in models})
    try:
        strategy.execute()
        for model in models:
            kept = own_cache() / "trees" / model.repo.replace("/", "--") / f"{model.commit}.json"
            kept.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{hub_cache()} is not writable: {error}") from error
    left = [model for model in models if model.folder.exists()]
    if left:
        raise OutputError(f"{left[0].folder} could not be removed; is the cache writable?")
    return int(strategy.expected_freed_size)


def stale() -> list[CachedModel]:
    """Return the commits that no branch, tag, catalogue or lock names any more."""
    return [model for model in cached_models() if not model.refs and not model.pinned]


def remove_partial() -> int:
    """Remove what broken downloads left; return bytes freed."""
    freed = 0
    for path in hub_cache().glob("models--*/blobs/*.incomplete"):
        try:
            freed += path.stat().st_size
            path.unlink()
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


def _repositories() -> list[Any]:
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        return list(scan_cache_dir(hub_cache()).repos)
    except CacheNotFound:
        return []
