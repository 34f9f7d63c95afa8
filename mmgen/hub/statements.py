"""What a commit of a repository holds, by the Hub's word, and whether a file is that.

A commit never changes, so its list of files is asked for once and kept beside the client's cache.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from hashlib import sha1
from pathlib import Path, PureWindowsPath
from typing import Any

from mmgen.catalogue import FileEntry, hub_cache, is_hex, own_cache
from mmgen.errors import ModelFileError, OfflineError
from mmgen.hub.client import ask
from mmgen.hub.verdicts import file_sha256

_WANTED = (".json", ".safetensors", ".txt")
_MAX_FILES = 2_000
_MAX_TEXT_BYTES = 64 * 2**20


@dataclass(frozen=True, kw_only=True)
class StatedFile:
    """What is known of a file before it is here.

    Attributes:
        sha256: of its content; "" where only the git hash is known.
        git: its git blob hash (sha1 in hex), or "".
    """

    path: str
    bytes: int
    sha256: str = ""
    git: str = ""


def stated_by(pins: Iterable[FileEntry]) -> list[StatedFile]:
    """Return pins as what they state."""
    return [StatedFile(path=pin.path, bytes=pin.bytes, sha256=pin.sha256) for pin in pins]


def snapshot_folder(repo: str, commit: str) -> Path:
    """Return where the client keeps a commit's files."""
    return hub_cache() / ("models--" + repo.replace("/", "--")) / "snapshots" / commit


def state_files(repo: str, commit: str) -> list[StatedFile]:
    """Return the files of a commit that a model may be made of, with the hashes the Hub states.

    Raises:
        ModelFileError: names that lead elsewhere, no config.json, or pickles in place of weights.
    """
    kept = own_cache() / "trees" / repo.replace("/", "--") / f"{commit}.json"
    files = _read_kept(kept)
    if files is None:
        try:
            files = list_files(repo, commit)
            _keep(kept, files)
        except OfflineError:
            files = _stated_by_names(snapshot_folder(repo, commit))
            if not _makes_model(files):
                raise
    check_names(repo, files)
    wanted = [file for file in files if file.path.endswith(_WANTED)]
    if not _makes_model(wanted):
        raise ModelFileError(f"{repo!r} holds no model of mmgen{_what_instead(files)}")
    for file in wanted:
        if not file.path.endswith(".safetensors") and file.bytes > _MAX_TEXT_BYTES:
            raise ModelFileError(
                f"{repo!r}: {file.path} has {file.bytes} bytes; text and JSON may have "
                f"{_MAX_TEXT_BYTES >> 20} MB"
            )
    return wanted


def _makes_model(files: Iterable[StatedFile]) -> bool:
    names = {file.path for file in files}
    return "config.json" in names and any(name.endswith(".safetensors") for name in names)


def _stated_by_names(folder: Path) -> list[StatedFile]:
    """Return the files of a commit that another program fetched, with what the client stated.

    It names each of them by the hash that the Hub gave.
    """
    files = []
    for path in folder.rglob("*"):
        if path.is_symlink() and path.is_file():
            name = path.readlink().name
            files.append(
                StatedFile(
                    path=path.relative_to(folder).as_posix(),
                    bytes=path.stat().st_size,
                    sha256=name if is_hex(name, 64) else "",
                    git=name if is_hex(name, 40) else "",
                )
            )
    return [file for file in files if _is_statement(file)]


def list_files(repo: str, commit: str) -> list[StatedFile]:
    """Return all files of a commit, as the Hub states them: one request or more."""
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import RepoFile

    def list_all() -> list[StatedFile]:
        found = []
        for item in HfApi().list_repo_tree(repo, recursive=True, revision=commit):
            if isinstance(item, RepoFile):
                sha256 = item.lfs.sha256 if item.lfs else ""
                git = "" if item.lfs else item.blob_id
                found.append(StatedFile(path=item.path, bytes=item.size, sha256=sha256, git=git))
            if len(found) > _MAX_FILES:
                raise ModelFileError(f"{repo!r} has more than {_MAX_FILES} files; no model has")
        return found

    return ask(list_all, repo, commit)


def check_names(repo: str, files: list[StatedFile]) -> None:
    """Raise ModelFileError for a name that leads out of a model's folder."""
    for file in files:
        if not _is_inside(file.path):
            raise ModelFileError(
                f"{repo!r} names a file {file.path!r}, which leads out of its folder; "
                "nothing was fetched"
            )


def _is_inside(path: str) -> bool:
    """Whether a path stays in its folder, on any system."""
    parts = path.split("/")
    plain = all(part not in ("", ".", "..") and not set(part) & set("\\\0") for part in parts)
    return plain and not PureWindowsPath(path).drive


def _what_instead(files: list[StatedFile]) -> str:
    pickles = [f.path for f in files if f.path.endswith((".bin", ".pt", ".pth", ".ckpt", ".pkl"))]
    if pickles:
        return (
            f": {pickles[0]} is a pickle, which can run code and is never opened; ask its owner "
            "for safetensors written by mmgen"
        )
    names = {file.path for file in files}
    lacking = "config.json" if "config.json" not in names else "a .safetensors file"
    return f": {lacking} is missing"


def _read_kept(path: Path) -> list[StatedFile] | None:
    """Return a list of files that was kept; None where it is missing or damaged."""
    try:
        items = json.loads(path.read_text(encoding="utf-8"))
        files = [StatedFile(**item) for item in items]
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    return files if files and all(map(_is_statement, files)) else None


def _is_statement(file: StatedFile) -> bool:
    """Whether what was read from a file has the types that it should have, and one hash."""
    hashed = is_hex(file.sha256, 64) if file.sha256 else is_hex(file.git, 40)
    return isinstance(file.path, str) and type(file.bytes) is int and hashed


def _keep(path: Path, files: list[StatedFile]) -> None:
    """Keep a commit's list of files; without effect where the cache is not writable."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    content: list[dict[str, Any]] = [asdict(file) for file in files]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(content), encoding="utf-8")
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)


def matches(path: Path, stated: StatedFile) -> bool:
    """Return whether a file is what was stated of it, bit for bit."""
    try:
        if path.stat().st_size != stated.bytes:
            return False
        if stated.sha256:
            return file_sha256(path) == stated.sha256
        return not stated.git or git_hash(path) == stated.git
    except OSError:
        return False


def git_hash(path: Path) -> str:
    """Return the hash by which git knows a file's content."""
    content = path.read_bytes()
    return sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
