"""A model's files from the Hub: one commit, nothing but JSON, text and safetensors, verified.

What a commit holds never changes, so it is asked once and kept beside the client's cache: a pinned
model that is here costs no request, one asked for by branch or tag costs one.
"""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from hashlib import sha1
from pathlib import Path, PureWindowsPath
from typing import Any

from mmgen.catalogue import FileEntry, hub_cache, is_hex, own_cache
from mmgen.errors import CorruptFileError, ModelFileError, OfflineError, OutputError
from mmgen.hub.client import ask
from mmgen.hub.verdicts import file_sha256, forget

_WANTED = (".json", ".safetensors", ".txt")
_MAX_FILES = 2_000
_MAX_TEXT_BYTES = 64 * 2**20
_MAX_LINKS = 8
_COMMIT = re.compile(r"[0-9a-f]{40}")

Hear = Callable[[str], None]
"""Takes a message for the user."""


@dataclass(frozen=True)
class Snapshot:
    """A model's files at one commit.

    Attributes:
        folder: where they are.
        commit: 40 hex digits.
        files: all of them, with the sha256 found.
    """

    folder: Path
    commit: str
    files: tuple[FileEntry, ...]


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


def is_commit(revision: str | None) -> bool:
    """Return whether a revision is a full commit, which never moves."""
    return revision is not None and _COMMIT.fullmatch(revision) is not None


def fetch(
    repo: str,
    revision: str | None = None,
    *,
    pins: Iterable[FileEntry] = (),
    hear: Hear | None = None,
) -> Snapshot:
    """Return a model's files at one commit, fetched where they are not here, and verified.

    A file that is not what was pinned, or stated by the Hub, is dropped and fetched once more.

    Args:
        repo: "org/name".
        revision: a branch, tag or 40-hex commit; None is the default branch.
        pins: the files that the commit must hold, where they are known.
        hear: is told when something out of the usual is done.

    Raises:
        HubError: no such repository, revision, access or network.
        CorruptFileError: a file differs from its hash twice in a row.
        ModelFileError: the repository holds no model of mmgen.
        OutputError: the cache cannot be written to.
    """
    commit = resolve(repo, revision)
    stated = stated_by(pins) or state_files(repo, commit)
    _check_names(repo, stated)
    folder = snapshot_folder(repo, commit)
    if not all(_is_sound(folder / file.path, file) for file in stated):
        with _alone(repo):
            _complete(repo, commit, stated, hear)
    files = tuple(
        FileEntry(path=file.path, sha256=file_sha256(folder / file.path), bytes=file.bytes)
        for file in stated
    )
    return Snapshot(folder, commit, files)


def _complete(repo: str, commit: str, stated: list[StatedFile], hear: Hear | None) -> None:
    """Fetch what is not here, and once more what is not what was stated."""
    folder = snapshot_folder(repo, commit)
    missing = [file for file in stated if not (folder / file.path).is_file()]
    if missing:
        _download(repo, commit, missing)
    wrong = [file for file in stated if not _is_sound(folder / file.path, file)]
    if wrong:
        if hear is not None:
            hear(f"{repo}: {wrong[0].path} is damaged; it is fetched again")
        drop(folder, wrong)
        _download(repo, commit, wrong)
        _refuse_wrong(repo, folder, wrong)


@contextmanager
def _alone(repo: str) -> Iterator[None]:
    """Let one process at a time change a repository's files, where the cache can be written to.

    What one of them drops as damaged, another may just have fetched, or be about to read.
    """
    from huggingface_hub.utils import WeakFileLock

    path = own_cache() / "locks" / f"{repo.replace('/', '--')}.lock"
    with ExitStack() as stack:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(WeakFileLock(path))
        except OSError:
            pass  # what cannot be written is said where it is needed
        yield


def resolve(repo: str, revision: str | None) -> str:
    """Return the 40-hex commit that a revision is now; a commit is itself, without a request.

    Where the Hub cannot be reached it is the commit that the revision was when it last was seen.
    """
    if revision is not None and is_commit(revision):
        return revision
    from huggingface_hub import HfApi

    api = HfApi()
    return str(ask(lambda: api.resolve_revision(repo, revision=revision).resolved, repo, revision))


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
    _check_names(repo, files)
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


def _check_names(repo: str, files: list[StatedFile]) -> None:
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


def _download(repo: str, commit: str, files: list[StatedFile]) -> None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    paths = [glob_escaped(file.path) for file in files]

    def download() -> None:
        try:
            snapshot_download(repo, revision=commit, allow_patterns=paths)
        except LocalEntryNotFoundError as error:
            raise (error.__cause__ or error)  # noqa: B904 - what kept it from being fetched

    ask(download, repo, commit)
    folder = snapshot_folder(repo, commit)
    lacking = [file.path for file in files if not (folder / file.path).is_file()]
    if lacking:
        raise ModelFileError(f"{repo!r} at {commit[:12]} has no file {lacking[0]!r}")


def glob_escaped(path: str) -> str:
    """Return the pattern that the client takes for this path alone."""
    return re.sub(r"([*?[])", r"[\1]", path)


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


def _is_sound(path: Path, stated: StatedFile) -> bool:
    """Whether a file is what was stated of it, and is kept under the name that this has."""
    return matches(path, stated) and not _wrong_name(path, stated)


def _wrong_name(path: Path, stated: StatedFile) -> str:
    """Return the hash by which the client keeps a file, where it is that of another; else "".

    The client believes the Hub, or a proxy, which hash a file has, and later takes what it keeps
    under that name for any file that is said to have it.
    """
    blob = _steps(path)[1:2]
    name = blob[0].name if blob else ""
    known = (stated.sha256 and is_hex(name, 64)) or (stated.git and is_hex(name, 40))
    return name if known and name not in (stated.sha256, stated.git) else ""


def _steps(path: Path) -> list[Path]:
    """Return a file of the cache and what it leads to, link by link.

    These are the client's blob and, for a file that came by Xet, what the repositories share.
    """
    found = [path]
    while found[-1].is_symlink() and len(found) < _MAX_LINKS:
        found.append(found[-1].parent / found[-1].readlink())
    return found


def _is_named_so(blob: Path) -> bool:
    """Whether a file of the client's holds what its name says."""
    try:
        if is_hex(blob.name, 64):
            return file_sha256(blob) == blob.name
        return is_hex(blob.name, 40) and git_hash(blob) == blob.name
    except (OSError, ModelFileError):
        return False


def drop(folder: Path, files: Iterable[StatedFile]) -> None:
    """Remove files from the cache, with what the client keeps of them for other commits too.

    A blob that holds what its name says stays: it is this file that should not lead there.

    Raises:
        OutputError: the cache is not writable.
    """
    for file in files:
        path = folder / file.path
        steps = _steps(path)
        forget(path)
        try:
            if len(steps) > 1 and not _is_named_so(steps[1]):
                for step in steps[1:]:
                    if "blobs" in (step.parent.name, step.parent.parent.name):
                        step.unlink(missing_ok=True)
            path.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(
                f"{path} is damaged and cannot be removed ({error}); remove it yourself"
            ) from error


def _refuse_wrong(repo: str, folder: Path, files: list[StatedFile]) -> None:
    wrong = [file for file in files if not _is_sound(folder / file.path, file)]
    if not wrong:
        return
    path = folder / wrong[0].path
    found = _wrong_name(path, wrong[0])
    if not found:
        found = file_sha256(path) if wrong[0].sha256 else git_hash(path)
    expected = wrong[0].sha256 or wrong[0].git
    drop(folder, wrong)
    raise CorruptFileError(
        f"{repo!r}: {wrong[0].path} came twice with hash {found[:12]}… in place of "
        f"{expected[:12]}…; it was not kept. The Hub, a proxy or the pin is wrong: tell the "
        "model's owner"
    )
