"""What lies in the Hub client's cache, sound or not.

The client's own scan passes over a whole repository where one link of it leads nowhere, or a
branch is known whose commit was not fetched.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mmgen.catalogue import hub_cache

if TYPE_CHECKING:
    from huggingface_hub import CachedFileInfo, CachedRepoInfo, CachedRevisionInfo


def scan() -> "list[CachedRepoInfo]":
    """Return the repositories of models in the cache, as the client describes them.

    Files that are missing or cannot be read count nothing.
    """
    folders = sorted(hub_cache().resolve().glob("models--*/snapshots"))
    return [_scan_repository(folder.parent) for folder in folders if folder.is_dir()]


def _scan_repository(folder: Path) -> "CachedRepoInfo":
    from huggingface_hub import CachedRepoInfo

    refs = _read_refs(folder / "refs")
    revisions = [
        _scan_revision(path, frozenset(refs.get(path.name, ())))
        for path in sorted((folder / "snapshots").iterdir())
        if path.is_dir()
    ]
    blobs = {file.blob_path: file for revision in revisions for file in revision.files}
    changed = folder.stat()
    return CachedRepoInfo(
        repo_id=folder.name.partition("--")[2].replace("--", "/"),
        repo_type="model",
        repo_path=folder,
        size_on_disk=sum(file.size_on_disk for file in blobs.values()),
        nb_files=len(blobs),
        revisions=frozenset(revisions),
        last_accessed=max((f.blob_last_accessed for f in blobs.values()), default=changed.st_atime),
        last_modified=max((f.blob_last_modified for f in blobs.values()), default=changed.st_mtime),
    )


def _read_refs(folder: Path) -> dict[str, list[str]]:
    """Return the branches and tags that were seen last, by commit."""
    refs: dict[str, list[str]] = {}
    for path in sorted(folder.rglob("*")):
        try:
            refs.setdefault(path.read_text(encoding="utf-8"), []).append(
                path.relative_to(folder).as_posix()
            )
        except (OSError, UnicodeDecodeError):  # a folder; or damaged, and written anew when asked
            continue
    return refs


def _scan_revision(folder: Path, refs: frozenset[str]) -> "CachedRevisionInfo":
    from huggingface_hub import CachedRevisionInfo

    files = frozenset(_scan_files(folder))
    sizes = {file.blob_path: file.size_on_disk for file in files}
    return CachedRevisionInfo(
        commit_hash=folder.name,
        snapshot_path=folder,
        size_on_disk=sum(sizes.values()),
        files=files,
        refs=refs,
        last_modified=max((f.blob_last_modified for f in files), default=folder.stat().st_mtime),
    )


def _scan_files(folder: Path) -> "Iterator[CachedFileInfo]":
    from huggingface_hub import CachedFileInfo

    for path in folder.rglob("*"):
        try:
            if path.is_dir():
                continue
            # The first link alone: a blob may lead on, to what repositories share.
            blob = (
                Path(os.path.normpath(path.parent / path.readlink())) if path.is_symlink() else path
            )
            state = blob.stat()
        except OSError:
            continue
        yield CachedFileInfo(
            file_name=path.name,
            file_path=path,
            blob_path=blob,
            size_on_disk=state.st_size,
            blob_last_accessed=state.st_atime,
            blob_last_modified=state.st_mtime,
        )
