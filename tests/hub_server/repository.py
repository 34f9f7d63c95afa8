"""A repository in a folder: commits with parents and trees, blobs by sha256, branches and tags."""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from hub_server import git_objects

Gate = Literal["auto", "manual", False]

SHORT_COMMIT = re.compile("[0-9a-f]{7,40}")


@dataclass(frozen=True)
class Entry:
    """A file of a tree; a large one is stored beside git, which holds a pointer to it."""

    sha256: str
    size: int
    oid: str
    large: bool
    xet_hash: str | None = None

    @property
    def etag(self) -> str:
        return self.sha256 if self.large else self.oid

    @property
    def pointer_size(self) -> int:
        return len(git_objects.pointer(self.sha256, self.size))


Tree = dict[str, Entry]


@dataclass(frozen=True)
class Commit:
    """A state of all files, and what came before it."""

    oid: str
    parents: list[str]
    title: str
    message: str
    author: str
    date: str
    tree: Tree = field(repr=False)


@dataclass
class Settings:
    """What a repository is besides its files; kept in repository.json."""

    id: str
    created: str
    private: bool = False
    gated: Gate = False
    granted: list[str] = field(default_factory=list)
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


class Repository:
    """One repository; what changes is written at once."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder = folder
        self.settings = settings
        self._commits: dict[str, Commit] = {}
        for name in ("commits", "regular", "large"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    @classmethod
    def open(cls, folder: Path) -> "Repository":
        return cls(folder, Settings(**json.loads((folder / "repository.json").read_text())))

    def save(self) -> None:
        _write(self.folder / "repository.json", json.dumps(asdict(self.settings)).encode())

    @property
    def id(self) -> str:
        return self.settings.id

    @property
    def namespace(self) -> str:
        return self.id.partition("/")[0]

    def resolve(self, revision: str) -> str | None:
        """Return the commit of a branch, a tag, or an identifier, which may be shortened."""
        found = self.settings.branches.get(revision) or self.settings.tags.get(revision)
        if found or not SHORT_COMMIT.fullmatch(revision):
            return found
        matches = sorted((self.folder / "commits").glob(f"{revision}*.json"))
        return matches[0].stem if len(matches) == 1 else None

    def commit(self, oid: str) -> Commit:
        if oid not in self._commits:
            data = json.loads((self.folder / "commits" / f"{oid}.json").read_text())
            tree = {path: Entry(**entry) for path, entry in data.pop("tree").items()}
            self._commits[oid] = Commit(**data, tree=tree)
        return self._commits[oid]

    def history(self, oid: str) -> Iterator[Commit]:
        """Yield a commit and its ancestors, newest first."""
        while True:
            commit = self.commit(oid)
            yield commit
            if not commit.parents:
                return
            oid = commit.parents[0]

    def add_commit(
        self, tree: Tree, *, branch: str, author: str, title: str, message: str = ""
    ) -> Commit:
        """Put a state of the files on top of a branch."""
        now = datetime.now(UTC)
        parents = [self.settings.branches[branch]] if branch in self.settings.branches else []
        oid = git_objects.commit_id(
            git_objects.tree_id({path: entry.oid for path, entry in tree.items()}),
            parents,
            author=author,
            seconds=int(now.timestamp()),
            message=f"{title}\n\n{message}",
        )
        commit = Commit(oid, parents, title, message, author, timestamp(now), tree)
        _write(self.folder / "commits" / f"{oid}.json", json.dumps(asdict(commit)).encode())
        self._commits[oid] = commit
        self.settings.branches[branch] = oid
        self.save()
        return commit

    def stored(self, entry: Entry) -> Path:
        """Return where the bytes of a file lie."""
        return self.folder / ("large" if entry.large else "regular") / entry.sha256

    def large_file(self, sha256: str) -> Path:
        return self.folder / "large" / sha256

    def xet_hash(self, sha256: str) -> str | None:
        """Return the name that Xet has for a large file, if it came that way."""
        path = self.folder / "xet" / sha256
        return path.read_text() if path.exists() else None

    def set_xet_hash(self, sha256: str, name: str) -> None:
        (self.folder / "xet").mkdir(exist_ok=True)
        _write(self.folder / "xet" / sha256, name.encode())

    def add_regular(self, content: bytes) -> Entry:
        """Keep a file in git itself."""
        sha256 = hashlib.sha256(content).hexdigest()
        path = self.folder / "regular" / sha256
        if not path.exists():
            _write(path, content)
        return Entry(sha256, len(content), git_objects.object_id("blob", content), large=False)

    def add_large(self, content: bytes | Path) -> Entry:
        """Keep a file beside git."""
        sha256 = _sha256(content)
        path = self.large_file(sha256)
        if path.exists():
            pass
        elif isinstance(content, Path):
            shutil.copyfile(content, path)
        else:
            _write(path, content)
        return large_entry(sha256, path.stat().st_size)


def large_entry(sha256: str, size: int, xet_hash: str | None = None) -> Entry:
    """Return the entry of a file that is kept beside git."""
    oid = git_objects.object_id("blob", git_objects.pointer(sha256, size))
    return Entry(sha256, size, oid, large=True, xet_hash=xet_hash)


def timestamp(moment: datetime) -> str:
    """Write a moment as the Hub does, in UTC with milliseconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + (
        f"{moment.microsecond // 1000:03d}Z"
    )


def folders(tree: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what is under each folder of a tree, by paths relative to that folder."""
    found: dict[str, dict[str, Any]] = {}
    for path, entry in tree.items():
        parts = path.split("/")
        for depth in range(1, len(parts)):
            found.setdefault("/".join(parts[:depth]), {})["/".join(parts[depth:])] = entry
    return found


def _sha256(content: bytes | Path) -> str:
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, content: bytes) -> None:
    """Write a file so that no reader ever sees a part of it."""
    partial = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    partial.write_bytes(content)
    partial.replace(path)
