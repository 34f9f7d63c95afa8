"""One commit on the Hub: planned against what is there, guarded by its parent, read back."""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

from mmgen.errors import (
    ConflictError,
    CorruptFileError,
    HubError,
    MmgenError,
    MmgenWarning,
    RepositoryNotFoundError,
    RevisionNotFoundError,
    TokenError,
)
from mmgen.hub.client import ask, is_conflict, is_worth_a_try, passes, translated
from mmgen.hub.damage import drop
from mmgen.hub.statements import StatedFile, list_files, matches, snapshot_folder
from mmgen.publishing.card import CARD_NAME, read_card

_MODEL_FILES = (".json", ".safetensors")
_ATTEMPTS = 3


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a publication does to a file: "added", "changed", "kept" or "removed"."""

    path: str
    what: str
    bytes: int


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What a publication goes on top of.

    Attributes:
        commit: the parent; "" where there is no repository yet.
        has_branch: whether the branch is there, or will start at that commit.
    """

    commit: str = ""
    files: tuple[StatedFile, ...] = ()
    has_branch: bool = True


class Upload:
    """The way to a branch of a repository.

    Args:
        repo: "org/name".
        revision: the branch; None for the default one.
    """

    def __init__(self, repo: str, *, revision: str | None = None) -> None:
        from huggingface_hub import HfApi

        self.repo = repo
        self.revision = revision
        self._api = HfApi(library_name="mmgen")

    @property
    def url(self) -> str:
        """Where people look at the repository."""
        return f"{self._api.endpoint}/{self.repo}"

    def look(self) -> Standing:
        """Return what the branch holds, or the default one where it is still to be made."""
        try:
            return self._read(self.revision)
        except RepositoryNotFoundError:
            return Standing()
        except RevisionNotFoundError:
            main = self._read(None)
            return Standing(commit=main.commit, files=main.files, has_branch=False)

    def standing_card(self, standing: Standing) -> str | None:
        """Return the model card that stands, or None.

        Raises:
            CorruptFileError: it came damaged.
        """
        stated = next((file for file in standing.files if file.path == CARD_NAME), None)
        if stated is None:
            return None
        from huggingface_hub import hf_hub_download

        commit = standing.commit
        path = Path(
            ask(lambda: hf_hub_download(self.repo, CARD_NAME, revision=commit), self.repo, commit)
        )
        if not matches(path, stated):
            drop(snapshot_folder(self.repo, commit), [stated])
            raise CorruptFileError(
                f"{self.repo!r}: {CARD_NAME} came damaged and was not kept; publish again"
            )
        return read_card(path)

    def find_tag(self, tag: str) -> str | None:
        """Return the commit that a tag names, or None."""
        try:
            refs = ask(lambda: self._api.list_repo_refs(self.repo), self.repo)
        except RepositoryNotFoundError:
            return None
        return next((ref.target_commit for ref in refs.tags if ref.name == tag), None)

    def send(self, folder: Path, standing: Standing, *, private: bool) -> str:
        """Publish a folder in one commit on top of what stood; return the commit, read back.

        Where nothing changes it is the commit that stood.

        Raises:
            ConflictError: somebody published in between; nothing was changed.
            CorruptFileError: the Hub says it holds something else than was sent.
            HubError: the Hub refused, or there is no token.
        """
        from huggingface_hub import get_token

        if get_token() is None:
            raise TokenError(
                f"publishing to {self.repo!r} needs a token with write access; log in with: "
                "hf auth login (or set HF_TOKEN)"
            )
        changes = compare(folder, standing.files)
        if not standing.commit:
            standing = self._make_repository(folder, changes, private)
        if not standing.has_branch:
            self._make_branch(standing.commit)
        if all(change.what == "kept" for change in changes):
            return standing.commit
        commit = self._commit(folder, changes, standing.commit)
        self._check(folder, commit)
        return commit

    def tag(self, tag: str, commit: str) -> None:
        """Name a commit.

        Raises:
            ConflictError: the tag names another commit; a tag never moves.
        """
        try:
            self._api.create_tag(self.repo, tag=tag, revision=commit)
        except Exception as error:
            if (is_conflict(error) or passes(error)) and self.find_tag(tag) == commit:
                return  # the answer was lost, the tag was not
            if is_conflict(error):
                raise ConflictError(
                    f"{self.repo!r} has a tag {tag!r} already; the model was published as "
                    f"{commit}: choose another tag"
                ) from error
            raise translated(error, self.repo, tag) from error

    def _make_repository(self, folder: Path, changes: list[Change], private: bool) -> Standing:
        ask(lambda: self._api.create_repo(self.repo, private=private, exist_ok=True), self.repo)
        made = self._read(None)
        if compare(folder, made.files) != changes:
            raise self._conflict(made.commit)
        return Standing(
            commit=made.commit, files=made.files, has_branch=self.revision in (None, "main")
        )

    def _make_branch(self, commit: str) -> None:
        branch = str(self.revision)
        ask(
            lambda: self._api.create_branch(
                self.repo, branch=branch, revision=commit, exist_ok=True
            ),
            self.repo,
            branch,
        )

    def _read(self, revision: str | None) -> Standing:
        info = ask(lambda: self._api.model_info(self.repo, revision=revision), self.repo, revision)
        commit = str(info.sha or "")
        return Standing(commit=commit, files=tuple(list_files(self.repo, commit)) if commit else ())

    def _commit(self, folder: Path, changes: Iterable[Change], parent: str) -> str:
        for attempt in range(_ATTEMPTS):
            try:
                return self._try_commit(folder, changes, parent)
            except Exception as error:
                if isinstance(error, ValueError) and "Invalid metadata" in str(error):
                    words = " ".join(str(error).split())
                    raise HubError(
                        f"the Hub does not take the card of {self.repo!r}: {words}"
                    ) from error
                try:
                    now = self._read(self.revision)
                    ours = "" if now.commit == parent else self._find_ours(folder, parent)
                except MmgenError:
                    said = translated(error, self.repo, self.revision)
                    raise type(said)(
                        f"{said}; whether the commit arrived is not known: publish again, and what "
                        "stands already is not sent twice"
                    ) from error
                if ours:  # the answer was lost, the commit was not
                    self._warn_of_newer(ours, now.commit)
                    return ours
                if now.commit != parent or is_conflict(error):
                    raise self._conflict(now.commit) from error
                if attempt + 1 == _ATTEMPTS or not is_worth_a_try(error):
                    raise translated(error, self.repo, self.revision) from error
        raise AssertionError("the last attempt returns or raises")

    def _find_ours(self, folder: Path, parent: str) -> str:
        """Return the commit on top of the parent if it holds what was sent, else ""."""
        api, branch = self._api, self.revision
        history = ask(lambda: api.list_repo_commits(self.repo, revision=branch), self.repo, branch)
        newer = [*takewhile(lambda oid: oid != parent, (item.commit_id for item in history))]
        if not newer or len(newer) == len(history):  # the parent is gone: somebody squashed it all
            return ""
        return newer[-1] if _holds(folder, list_files(self.repo, newer[-1])) else ""

    def _warn_of_newer(self, ours: str, head: str) -> None:
        if ours != head:
            warnings.warn(
                f"{self.repo!r}: the model was published as {ours}, and somebody has published "
                f"{head} on top of it since; look at theirs",
                MmgenWarning,
                stacklevel=2,
            )

    def _conflict(self, head: str) -> ConflictError:
        return ConflictError(
            f"somebody published to {self.repo!r} in between ({head[:12]}); nothing was changed: "
            "look at theirs, then publish again"
        )

    def _try_commit(self, folder: Path, changes: Iterable[Change], parent: str) -> str:
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete

        operations: list[Any] = []
        for change in changes:
            if change.what == "removed":
                operations.append(CommitOperationDelete(path_in_repo=change.path))
            elif change.what != "kept":
                source = str(folder / change.path)
                operations.append(CommitOperationAdd(change.path, source))
        done = self._api.create_commit(
            self.repo,
            operations,
            commit_message="Publish with mmgen",
            revision=self.revision,
            parent_commit=parent or None,
        )
        return str(done.oid)

    def _check(self, folder: Path, commit: str) -> None:
        """Raise CorruptFileError unless the Hub states of a commit what was sent."""
        stated = {file.path: file for file in list_files(self.repo, commit)}
        for path in _files(folder):
            relative = path.relative_to(folder).as_posix()
            if relative not in stated or not matches(path, stated[relative]):
                raise CorruptFileError(
                    f"{self.repo!r} at {commit[:12]} does not hold {relative} as it was sent; "
                    "publish again"
                )


def compare(folder: Path, standing: Iterable[StatedFile]) -> list[Change]:
    """Return what publishing a folder does to what stands.

    Files of an older model (a shard, a part) go; pictures and words that mmgen did not write stay.
    """
    there = {file.path: file for file in standing}
    changes = []
    for path in _files(folder):
        relative = path.relative_to(folder).as_posix()
        old = there.pop(relative, None)
        what = "added" if old is None else "kept" if matches(path, old) else "changed"
        changes.append(Change(path=relative, what=what, bytes=path.stat().st_size))
    changes += [
        Change(path=file.path, what="removed", bytes=file.bytes)
        for file in there.values()
        if file.path.endswith(_MODEL_FILES)
    ]
    return sorted(changes, key=lambda change: change.path)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _holds(folder: Path, stated: Iterable[StatedFile]) -> bool:
    return all(change.what == "kept" for change in compare(folder, stated))
