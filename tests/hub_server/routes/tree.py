"""What a revision holds: the tree, and single paths of it."""

import json
from typing import Any
from urllib.parse import parse_qs

from hub_server import git_objects, refusals
from hub_server.hub import Hub
from hub_server.messages import Request, Response, json_response
from hub_server.pages import page
from hub_server.repository import Commit, Entry, Repository, Tree, folders
from hub_server.routing import route

PATHS_PER_PAGE = 1000
EXPANDED_PATHS_PER_PAGE = 50
MOST_PATHS = 1000


@route("GET", "/api/models/{repo}/tree/{revision}")
@route("GET", "/api/models/{repo}/tree/{revision}/{path}")
def tree(hub: Hub, request: Request) -> Response:
    repository = hub.readable(request)
    commit = hub.commit_at(repository, request.params["revision"])
    rows = Rows(repository, commit, expand=request.asks("expand"))
    folder = request.params.get("path", "").strip("/")
    if folder and folder not in rows.folders:
        raise refusals.entry_not_found(folder, commit.oid)
    found = [
        rows.row(path)
        for path in sorted([*rows.folders, *commit.tree])
        if _is_under(path, folder, deep=request.asks("recursive"))
    ]
    most = EXPANDED_PATHS_PER_PAGE if request.asks("expand") else PATHS_PER_PAGE
    return page(hub, request, found, min(most, request.number("limit", most)))


@route("POST", "/api/models/{repo}/paths-info/{revision}")
def paths_info(hub: Hub, request: Request) -> Response:
    repository = hub.readable(request)
    commit = hub.commit_at(repository, request.params["revision"])
    paths, expand = _asked_paths(request)
    if len(paths) > MOST_PATHS:
        raise refusals.Refusal(413, "too many parameters")
    rows = Rows(repository, commit, expand=expand)
    return json_response([rows.row(path) for path in map(_plain, paths) if path in rows])


class Rows:
    """Descriptions of the paths of a commit."""

    def __init__(self, repository: Repository, commit: Commit, *, expand: bool) -> None:
        self.tree = commit.tree
        self.folders = folders(commit.tree)
        self._last = _last_commits(repository, commit) if expand else None

    def __contains__(self, path: str) -> bool:
        return path in self.tree or path in self.folders

    def row(self, path: str) -> dict[str, Any]:
        entry = self.tree.get(path)
        row = self._folder(path) if entry is None else _file(path, entry)
        if self._last is not None:
            row["lastCommit"] = self._last[path]
            if entry is not None:
                row["securityFileStatus"] = {
                    "status": "safe",
                    "avScan": None,
                    "pickleImportScan": None,
                }
        return row

    def _folder(self, path: str) -> dict[str, Any]:
        blobs = {name: entry.oid for name, entry in self.folders[path].items()}
        return {"type": "directory", "oid": git_objects.tree_id(blobs), "size": 0, "path": path}


def _file(path: str, entry: Entry) -> dict[str, Any]:
    row: dict[str, Any] = {"type": "file", "oid": entry.oid, "size": entry.size, "path": path}
    if entry.large:
        pointer = {"oid": entry.sha256, "size": entry.size, "pointerSize": entry.pointer_size}
        row["lfs"] = pointer
    if entry.xet_hash is not None:
        row["xetHash"] = entry.xet_hash
    return row


def _last_commits(repository: Repository, newest: Commit) -> dict[str, dict[str, str]]:
    """Return the last commit that changed each path."""
    last: dict[str, dict[str, str]] = {}
    states = [*repository.history(newest.oid)]
    for commit, before in zip(states, [*states[1:], None], strict=True):
        old: Tree = {} if before is None else before.tree
        words = {"id": commit.oid, "title": commit.title, "date": commit.date}
        for path in {*commit.tree, *old}:
            if commit.tree.get(path) != old.get(path):
                parts = path.split("/")
                for depth in range(1, len(parts) + 1):
                    last.setdefault("/".join(parts[:depth]), words)
    return last


def _asked_paths(request: Request) -> tuple[list[str], bool]:
    """Return the paths of a form, or of JSON."""
    body = request.read().decode()
    if "json" in (request.headers["Content-Type"] or ""):
        data = json.loads(body)
        return list(data.get("paths", [])), bool(data.get("expand"))
    form = parse_qs(body, keep_blank_values=True)
    return form.get("paths", []), form.get("expand", [""])[0].lower() == "true"


def _is_under(path: str, folder: str, *, deep: bool) -> bool:
    prefix = f"{folder}/" if folder else ""
    rest = path.removeprefix(prefix)
    return path.startswith(prefix) and bool(rest) and (deep or "/" not in rest)


def _plain(path: str) -> str:
    return path.strip("/")
