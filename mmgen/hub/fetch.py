"""A model's files from the Hub: one commit, nothing but JSON, text and safetensors, verified.

What a commit holds never changes, so it is asked once and kept beside the client's cache: a pinned
model that is here costs no request, one asked for by branch or tag costs one.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from mmgen.catalogue import FileEntry, own_cache
from mmgen.errors import CorruptFileError, ModelFileError
from mmgen.hub.client import ask
from mmgen.hub.damage import drop, is_sound, wrong_name
from mmgen.hub.statements import (
    StatedFile,
    check_names,
    git_hash,
    snapshot_folder,
    state_files,
    stated_by,
)
from mmgen.hub.verdicts import file_sha256

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


def is_commit(revision: str | None) -> bool:
    """Return whether a revision is a full commit, which never moves."""
    return revision is not None and _COMMIT.fullmatch(revision) is not None


def fetch(
    repo: str,
    revision: str | None = None,
    *,
    pins: Iterable[FileEntry] = (),
    wanted: Collection[str] = (),
    hear: Hear | None = None,
) -> Snapshot:
    """Return a model's files at one commit, fetched where they are not here, and verified.

    A file that is not what was pinned, or stated by the Hub, is dropped and fetched once more.

    Args:
        repo: "org/name".
        revision: a branch, tag or 40-hex commit; None is the default branch.
        pins: the files that the commit must hold, where they are known.
        wanted: paths of the files that are fetched, where the commit has them; none: all.
        hear: is told when something out of the usual is done.

    Raises:
        HubError: no such repository, revision, access or network.
        CorruptFileError: a file differs from its hash twice in a row.
        ModelFileError: the repository holds no model of mmgen.
        OutputError: the cache cannot be written to.
    """
    commit = resolve(repo, revision)
    stated = stated_by(pins) or state_files(repo, commit)
    if wanted:
        stated = [file for file in stated if file.path in wanted]
    check_names(repo, stated)
    folder = snapshot_folder(repo, commit)
    if not all(is_sound(folder / file.path, file) for file in stated):
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
    wrong = [file for file in stated if not is_sound(folder / file.path, file)]
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
    if lacking and (folder / lacking[0]).exists():
        raise ModelFileError(
            f"{folder / lacking[0]} is no file; run mmgen cache remove {repo}, and fetch it again"
        )
    if lacking:
        raise ModelFileError(f"{repo!r} at {commit[:12]} has no file {lacking[0]!r}")


def glob_escaped(path: str) -> str:
    """Return the pattern that the client takes for this path alone."""
    return re.sub(r"([*?[])", r"[\1]", path)


def _refuse_wrong(repo: str, folder: Path, files: list[StatedFile]) -> None:
    wrong = [file for file in files if not is_sound(folder / file.path, file)]
    if not wrong:
        return
    path = folder / wrong[0].path
    found = wrong_name(path, wrong[0])
    if not found:
        found = file_sha256(path) if wrong[0].sha256 else git_hash(path)
    expected = wrong[0].sha256 or wrong[0].git
    drop(folder, wrong)
    raise CorruptFileError(
        f"{repo!r}: {wrong[0].path} came twice with hash {found[:12]}… in place of "
        f"{expected[:12]}…; it was not kept. The Hub, a proxy or the pin is wrong: tell the "
        "model's owner"
    )
