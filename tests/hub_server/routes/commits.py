"""Commits: how each file is to be sent, and the commit itself."""

import base64
import binascii
import json
from typing import Any

from hub_server import attributes, card, refusals
from hub_server.hub import Hub
from hub_server.messages import Request, Response, json_response
from hub_server.repository import Commit, Repository, Tree, folders, large_entry
from hub_server.routing import route

MOST_FILES = 256


@route("POST", "/api/models/{repo}/preupload/{revision}")
def preupload(hub: Hub, request: Request) -> Response:
    repository, data = hub.writable(request), request.json()
    commit = hub.commit_at(repository, request.params["revision"])
    if len(data["files"]) > MOST_FILES:
        raise refusals.bad_request(f'"files" must contain at most {MOST_FILES} items')
    rules = _text(repository, commit, ".gitattributes")
    ignore = data.get("gitIgnore") or _text(repository, commit, ".gitignore")
    files = []
    for file in data["files"]:
        path, sample = _checked(file["path"]), base64.b64decode(file["sample"])
        large = attributes.is_large(path, size=file["size"], sample=sample, attributes=rules)
        row: dict[str, Any] = {"path": path, "uploadMode": "lfs" if large else "regular"}
        row["shouldIgnore"] = attributes.is_ignored(path, ignore)
        if path in commit.tree:
            row["oid"] = commit.tree[path].etag
        files.append(row)
    return json_response({"files": files, "commitOid": commit.oid})


@route("POST", "/api/models/{repo}/commit/{revision}")
def commit(hub: Hub, request: Request) -> Response:
    repository, branch = hub.writable(request), request.params["revision"]
    if "create_pr" in request.query:
        raise refusals.Refusal(501, "this server has no pull requests")
    head = repository.settings.branches.get(branch)
    if head is None:
        raise refusals.revision_not_found(branch)
    header, operations = _parse(request.read())
    if not head.startswith(header.get("parentCommit", head)):
        raise refusals.Refusal(
            412,
            "The branch was updated since you opened this page. Please refresh and try again.",
        )
    before = repository.commit(head)
    change = Change(repository, before)
    for key, value in operations:
        change.apply(key, value)
    author = request.token.user if request.token is not None else ""
    made = repository.add_commit(
        change.finish(),
        branch=branch,
        author=author,
        title=str(header["summary"]),
        message=str(header.get("description", "")),
    )
    return json_response(
        {
            "success": True,
            "commitOid": made.oid,
            "commitUrl": f"{hub.url}/{repository.id}/commit/{made.oid}",
            "hookOutput": "",
        }
    )


class Change:
    """The files after a commit, in the making."""

    def __init__(self, repository: Repository, before: Commit) -> None:
        self.repository = repository
        self.before = before
        self.tree: Tree = dict(before.tree)

    def apply(self, key: str, value: dict[str, Any]) -> None:
        """Carry out a line of a commit."""
        path = _checked(str(value.get("path", "")).rstrip("/"))
        if key == "file":
            self.add_regular(path, value)
        elif key == "lfsFile":
            self.add_large(path, value)
        elif key in ("deletedFile", "deletedFolder"):
            self.delete(path)
        else:
            raise refusals.bad_request(f"unknown key: {key!r}")

    def add_regular(self, path: str, value: dict[str, Any]) -> None:
        content = _content(value)
        if len(content) > attributes.LARGE_BYTES:
            raise _rejected("it contains files larger than 10 MiB", path)
        if path == "README.md" and (errors := card.check(content.decode()).errors):
            raise refusals.bad_request("Invalid metadata in README.md: " + "; ".join(errors))
        self.tree[path] = self.repository.add_regular(content)

    def add_large(self, path: str, value: dict[str, Any]) -> None:
        sha256 = str(value["oid"])
        stored = self.repository.large_file(sha256)
        if value.get("algo") != "sha256" or not stored.exists():
            raise _rejected("an LFS pointer pointed to a file that does not exist", path)
        size = stored.stat().st_size
        if value.get("size", size) != size:
            raise refusals.bad_request(f"{path} has {size} bytes, not {value['size']}")
        self.tree[path] = large_entry(sha256, size, self.repository.xet_hash(sha256))
        self._track(path)

    def delete(self, path: str) -> None:
        gone = [path] if path in self.tree else []
        gone += [f"{path}/{rest}" for rest in folders(self.tree).get(path, {})]
        if not gone:
            words = f"A file with this name doesn't exist: {path}"
            raise refusals.Refusal(404, words, code="EntryNotFound")
        for name in gone:
            del self.tree[name]

    def finish(self) -> Tree:
        """Return the files, if no name is both a file and a folder."""
        if clash := self.tree.keys() & folders(self.tree).keys():
            raise refusals.bad_request(f"a file and a folder are named {sorted(clash)[0]!r}")
        return self.tree

    def _track(self, path: str) -> None:
        """Note in .gitattributes that a file is large, if it does not say so."""
        entry = self.tree.get(".gitattributes")
        rules = "" if entry is None else self.repository.stored(entry).read_text()
        if not attributes.is_tracked(path, rules):
            line = f"{path.replace(' ', '[[:space:]]')} {attributes.LARGE_RULE}\n"
            self.tree[".gitattributes"] = self.repository.add_regular((rules + line).encode())


def _parse(body: bytes) -> tuple[dict[str, Any], list[tuple[str, dict[str, Any]]]]:
    """Return the header and the operations of a commit that was sent as lines of JSON."""
    try:
        lines = [json.loads(line) for line in body.splitlines() if line.strip()]
        pairs = [(str(line["key"]), dict(line["value"])) for line in lines]
    except (ValueError, KeyError, TypeError):
        raise refusals.bad_request("every line must be JSON with a key and a value") from None
    if not pairs or pairs[0][0] != "header" or not pairs[0][1].get("summary"):
        raise refusals.bad_request("the first line must be a header with a summary")
    if len(pairs) == 1:
        raise refusals.bad_request(
            "Add a line with the key `lfsFile`, `file`, `deletedFile` or `deletedFolder`"
        )
    return pairs[0][1], pairs[1:]


def _content(value: dict[str, Any]) -> bytes:
    text = str(value.get("content", ""))
    if value.get("encoding", "utf-8") != "base64":
        return text.encode()
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise refusals.bad_request("the content is not base64") from None


def _checked(path: str) -> str:
    """Return a path, if it is one that may be in a repository."""
    parts = path.split("/")
    if "\\" in path or any(part in ("", ".", "..", ".git") for part in parts):
        raise refusals.Refusal(422, f"Invalid path: {path!r}")
    return path


def _rejected(reason: str, path: str) -> refusals.Refusal:
    return refusals.bad_request(
        f"Your push was rejected because {reason}.\nOffending files:\n- {path}"
    )


def _text(repository: Repository, commit: Commit, path: str) -> str:
    entry = commit.tree.get(path)
    return "" if entry is None else repository.stored(entry).read_text()
