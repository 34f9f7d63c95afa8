"""One commit on the Hub: planned against what is there, guarded by its parent, read back."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmgen.errors import (
    ConflictError,
    CorruptFileError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from mmgen.hub.client import ask, is_conflict, passes, translated
from mmgen.hub.fetch import StatedFile, list_files, matches
from mmgen.publishing.card import CARD_NAME, read_card

_MODEL_FILES = (".json", ".safetensors")
_ATTEMPTS = 3


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a publication does to a file: "added", "changed", "kept" or "removed"."""

    path: str
    what: str
    bytes: int


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

    def plan(self, folder: Path) -> list[Change]:
        """Return what publishing a folder would change; a missing repository is an empty one."""
        return compare(folder, self._standing()[1])

    def standing_card(self) -> str | None:
        """Return the model card that stands on the branch, or None."""
        commit, files = self._standing()
        if not any(file.path == CARD_NAME for file in files):
            return None
        from huggingface_hub import hf_hub_download

        path = ask(
            lambda: hf_hub_download(self.repo, CARD_NAME, revision=commit), self.repo, commit
        )
        return read_card(Path(path))

    def send(self, folder: Path, *, private: bool) -> str:
        """Publish a folder in one commit; return the commit, read back.

        Raises:
            ConflictError: somebody published in between; nothing was changed.
            CorruptFileError: the Hub says it holds something else than was sent.
            HubError: the Hub refused.
        """
        self._make_repository(private)
        parent, standing = self._standing()
        changes = compare(folder, standing)
        if all(change.what == "kept" for change in changes) and parent:
            return parent
        commit = self._commit(folder, changes, parent)
        self._check(folder, commit)
        return commit

    def tag(self, tag: str, commit: str) -> None:
        """Name a commit.

        Raises:
            ConflictError: the tag stands already; a tag never moves.
        """
        try:
            self._api.create_tag(self.repo, tag=tag, revision=commit)
        except Exception as error:
            if is_conflict(error):
                raise ConflictError(
                    f"{self.repo!r} has a tag {tag!r} already; the model was published as "
                    f"{commit}: choose another tag"
                ) from error
            raise translated(error, self.repo, tag) from error

    def _make_repository(self, private: bool) -> None:
        ask(
            lambda: self._api.create_repo(self.repo, private=private, exist_ok=True),
            self.repo,
        )
        if self.revision is not None:
            branch = self.revision
            ask(
                lambda: self._api.create_branch(self.repo, branch=branch, exist_ok=True),
                self.repo,
                branch,
            )

    def _standing(self) -> tuple[str, list[StatedFile]]:
        """Return the branch's commit and its files; nothing where there is no repository."""
        try:
            info = ask(
                lambda: self._api.model_info(self.repo, revision=self.revision),
                self.repo,
                self.revision,
            )
        except (RepositoryNotFoundError, RevisionNotFoundError):
            return "", []
        commit = str(info.sha or "")
        return commit, list_files(self.repo, commit) if commit else []

    def _commit(self, folder: Path, changes: Iterable[Change], parent: str) -> str:
        for attempt in range(_ATTEMPTS):
            try:
                return self._try_commit(folder, changes, parent)
            except Exception as error:
                head, files = self._standing()
                if head != parent and _holds(folder, files):
                    return head  # the answer was lost, the commit was not
                if head != parent or is_conflict(error):
                    raise ConflictError(
                        f"somebody published to {self.repo!r} in between ({head[:12]}); nothing "
                        "was changed: look at theirs, then publish again"
                    ) from error
                if attempt + 1 == _ATTEMPTS or not passes(error):
                    raise translated(error, self.repo, self.revision) from error
        raise AssertionError("the last attempt returns or raises")

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
