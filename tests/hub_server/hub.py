"""The state of the Hub: repositories, tokens, faults, and the requests that came."""

import json
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from threading import RLock

from hub_server import attributes, refusals
from hub_server.faults import Effect, Fault
from hub_server.messages import Request
from hub_server.repository import Commit, Entry, Gate, Repository, Settings, Tree, timestamp
from hub_server.tokens import Role, Token
from hub_server.xet_store import XetStore

Content = bytes | str | Path


class Hub:
    """What a server serves, and what a test does to it while it does."""

    def __init__(self, folder: Path, *, xet: bool = False) -> None:
        self.folder = folder
        self.has_xet = xet
        self.url = ""
        self.storage_url = ""
        self.xet_url = ""
        self.requests: list[str] = []
        self.faults: list[Fault] = []
        self.errors: list[Exception] = []
        self.lock = RLock()
        self.secret = secrets.token_bytes(16)
        # Files of more bytes than this are sent to the storage in parts of so many.
        self.part_bytes: int | None = None
        self.xet_store = XetStore(folder / "xet")
        (folder / "repositories").mkdir(parents=True, exist_ok=True)
        self._repositories = {
            path.parent.name: Repository.open(path.parent)
            for path in sorted((folder / "repositories").glob("*/repository.json"))
        }
        self._tokens = self._read_tokens()

    # What a test does.

    def create_repo(self, repo_id: str, *, private: bool = False, gated: Gate = False) -> str:
        """Create a repository of models; return its first commit."""
        with self.lock:
            if repo_id.count("/") != 1 or self.find(repo_id) is not None:
                raise ValueError(f"cannot create {repo_id!r}: no namespace, or it is there")
            settings = Settings(repo_id, timestamp(datetime.now(UTC)), private=private, gated=gated)
            repository = Repository(self._folder_of(repo_id), settings)
            self._repositories[_key(repo_id)] = repository
            entry = repository.add_regular(attributes.default_attributes().encode())
            tree = {".gitattributes": entry}
            return repository.add_commit(
                tree, branch="main", author="system", title="initial commit"
            ).oid

    def delete_repo(self, repo_id: str) -> None:
        """Delete a repository and all that it held."""
        with self.lock:
            shutil.rmtree(self.repository(repo_id).folder)
            del self._repositories[_key(repo_id)]

    def update(
        self, repo_id: str, *, private: bool | None = None, gated: Gate | None = None
    ) -> None:
        """Change who may see a repository."""
        with self.lock:
            repository = self.repository(repo_id)
            if private is not None:
                repository.settings.private = private
            if gated is not None:
                repository.settings.gated = gated
            repository.save()

    def grant(self, repo_id: str, user: str) -> None:
        """Let a user in through the gate of a repository."""
        with self.lock:
            self.repository(repo_id).settings.granted.append(user)
            self.repository(repo_id).save()

    def commit(
        self,
        repo_id: str,
        files: Mapping[str, Content | None],
        *,
        branch: str = "main",
        message: str = "a commit",
        author: str = "someone",
    ) -> str:
        """Commit files, None for one to delete, on top of a branch; return the commit.

        Names are taken as they are, so that a test can make a hostile repository.
        """
        with self.lock:
            repository = self.repository(repo_id)
            tree = dict(repository.commit(self.head(repo_id, branch)).tree)
            for path, content in files.items():
                if content is None:
                    del tree[path]
                else:
                    tree[path] = self._store(repository, path, content, tree)
            return repository.add_commit(tree, branch=branch, author=author, title=message).oid

    def branch(self, repo_id: str, name: str, revision: str = "main") -> None:
        """Start a branch at a revision."""
        with self.lock:
            repository = self.repository(repo_id)
            repository.settings.branches[name] = self.head(repo_id, revision)
            repository.save()

    def tag(self, repo_id: str, name: str, revision: str = "main") -> None:
        """Put a tag on a revision, or move it there."""
        with self.lock:
            repository = self.repository(repo_id)
            repository.settings.tags[name] = self.head(repo_id, revision)
            repository.save()

    def head(self, repo_id: str, revision: str = "main") -> str:
        """Return the commit of a revision."""
        with self.lock:
            commit = self.repository(repo_id).resolve(revision)
            if commit is None:
                raise KeyError(f"{repo_id} has no revision {revision!r}")
            return commit

    def files(self, repo_id: str, revision: str = "main") -> dict[str, bytes]:
        """Return what a revision holds."""
        with self.lock:
            repository = self.repository(repo_id)
            tree = repository.commit(self.head(repo_id, revision)).tree
            return {path: repository.stored(entry).read_bytes() for path, entry in tree.items()}

    def token(self, role: Role, *, user: str = "tester", orgs: tuple[str, ...] = ("org",)) -> str:
        """Return a new token of a user of some organizations."""
        with self.lock:
            token = Token(f"hf_{secrets.token_hex(17)}", role, user, orgs)
            self._tokens[token.value] = token
            rows = [token.to_dict() for token in self._tokens.values()]
            (self.folder / "tokens.json").write_text(json.dumps(rows))
            return token.value

    def fault(self, pattern: str, effect: Effect, *, times: int | None = 1, skip: int = 0) -> Fault:
        """Let an effect strike the next requests that fit a pattern such as "GET *.json"."""
        fault = Fault(pattern, effect, times=times, skip=skip)
        self.faults.append(fault)
        return fault

    def count(self, pattern: str) -> int:
        """Return how many requests came that fit a pattern such as "GET *.json"."""
        return sum(fnmatchcase(line, pattern) for line in list(self.requests))

    # What the routes ask.

    @property
    def repositories(self) -> list[Repository]:
        return list(self._repositories.values())

    def find(self, repo_id: str) -> Repository | None:
        return self._repositories.get(_key(repo_id))

    def repository(self, repo_id: str) -> Repository:
        return self._repositories[_key(repo_id)]

    def identify(self, authorization: str | None) -> Token | None:
        """Return the token of a header, None for none."""
        if authorization is None:
            return None
        token = self._tokens.get(authorization.removeprefix("Bearer "))
        if token is None:
            raise refusals.wrong_token()
        return token

    def may_see(self, token: Token | None, repository: Repository) -> bool:
        owns = token is not None and token.owns(repository.namespace)
        return owns or not repository.settings.private

    def readable(self, request: Request) -> Repository:
        """Return the repository of a request, if it is there and may be seen."""
        repository = self.find(request.params["repo"])
        if repository is None or not self.may_see(request.token, repository):
            raise refusals.repository_not_found(logged_in=request.token is not None)
        return repository

    def open_to(self, request: Request) -> Repository:
        """Return the repository of a request, if its files may be read, too."""
        repository, token = self.readable(request), request.token
        settings = repository.settings
        inside = token is not None and (
            token.owns(repository.namespace) or token.user in settings.granted
        )
        if settings.gated and not inside:
            raise refusals.gated(repository.id, logged_in=token is not None)
        return repository

    def writable(self, request: Request) -> Repository:
        """Return the repository of a request, if it may be changed."""
        repository, token = self.readable(request), request.token
        if token is None:
            raise refusals.repository_not_found(logged_in=False)
        if token.role != "write":
            raise refusals.forbidden("you must use a write token to upload to a repository.")
        if not token.owns(repository.namespace):
            raise refusals.forbidden(
                "Forbidden: pass `create_pr=1` as a query parameter to create a Pull Request"
            )
        return repository

    def commit_at(self, repository: Repository, revision: str) -> Commit:
        """Return the commit of a revision that a request names."""
        oid = repository.resolve(revision)
        if oid is None:
            raise refusals.revision_not_found(revision)
        return repository.commit(oid)

    def _store(self, repository: Repository, path: str, content: Content, tree: Tree) -> Entry:
        if isinstance(content, str):
            content = content.encode()
        if isinstance(content, Path):
            with content.open("rb") as file:
                size, sample = content.stat().st_size, file.read(512)
        else:
            size, sample = len(content), content[:512]
        known = tree.get(".gitattributes")
        rules = "" if known is None else repository.stored(known).read_text()
        if size and attributes.is_large(path, size=size, sample=sample, attributes=rules):
            entry = repository.add_large(content)
            if not self.has_xet:
                return entry
            name = self.xet_store.seed(repository, repository.stored(entry).read_bytes())
            return replace(entry, xet_hash=name)
        return repository.add_regular(
            content if isinstance(content, bytes) else content.read_bytes()
        )

    def _folder_of(self, repo_id: str) -> Path:
        return self.folder / "repositories" / _key(repo_id)

    def _read_tokens(self) -> dict[str, Token]:
        path = self.folder / "tokens.json"
        rows = json.loads(path.read_text()) if path.exists() else []
        tokens = (Token(**row | {"orgs": tuple(row["orgs"])}) for row in rows)
        return {token.value: token for token in tokens}


def _key(repo_id: str) -> str:
    return repo_id.lower().replace("/", "--")
