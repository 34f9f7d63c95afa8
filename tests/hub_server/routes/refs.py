"""Branches, tags, and the commits behind them."""

import html
import re

from hub_server import refusals
from hub_server.hub import Hub
from hub_server.messages import Request, Response, json_response
from hub_server.pages import page
from hub_server.repository import Commit
from hub_server.routing import route

COMMITS_PER_PAGE = 50
NAME = re.compile(r"(?!refs/|/)(?!.*(\.\.|//|@{))[^\s~^:?*\[\\\x00-\x1f]+(?<![./])")


@route("GET", "/api/models/{repo}/refs")
def refs(hub: Hub, request: Request) -> Response:
    settings = hub.readable(request).settings
    answer: dict[str, list[dict[str, str]]] = {
        "branches": _rows("refs/heads/", settings.branches),
        "converts": [],
        "tags": _rows("refs/tags/", settings.tags),
    }
    if request.asks("include_prs"):
        answer["pullRequests"] = []
    return json_response(answer)


@route("POST", "/api/models/{repo}/branch/{name}")
def create_branch(hub: Hub, request: Request) -> Response:
    repository, name = hub.writable(request), request.params["name"]
    if not NAME.fullmatch(name):
        raise refusals.bad_request(f"Invalid reference for a branch: refs/heads/{name}")
    if name in repository.settings.branches:
        raise refusals.conflict(f"Reference refs/heads/{name} already exists")
    start = hub.commit_at(repository, request.json().get("startingPoint", "main"))
    hub.branch(repository.id, name, start.oid)
    return json_response({})


@route("DELETE", "/api/models/{repo}/branch/{name}")
def delete_branch(hub: Hub, request: Request) -> Response:
    repository, name = hub.writable(request), request.params["name"]
    if name == "main":
        raise refusals.forbidden("Cannot delete refs/heads/main")
    if name not in repository.settings.branches:
        raise refusals.revision_not_found(name)
    del repository.settings.branches[name]
    repository.save()
    return json_response({})


@route("POST", "/api/models/{repo}/tag/{revision}")
def create_tag(hub: Hub, request: Request) -> Response:
    repository, name = hub.writable(request), str(request.json().get("tag", ""))
    commit = hub.commit_at(repository, request.params["revision"])
    if not NAME.fullmatch(name):
        raise refusals.bad_request(f"Invalid reference for a tag: refs/tags/{name}")
    if name in repository.settings.tags:
        raise refusals.conflict(f"Tag {name} already exists")
    hub.tag(repository.id, name, commit.oid)
    return json_response({})


@route("DELETE", "/api/models/{repo}/tag/{name}")
def delete_tag(hub: Hub, request: Request) -> Response:
    repository, name = hub.writable(request), request.params["name"]
    if name not in repository.settings.tags:
        raise refusals.revision_not_found(name)
    del repository.settings.tags[name]
    repository.save()
    return json_response({})


@route("GET", "/api/models/{repo}/commits/{revision}")
def commits(hub: Hub, request: Request) -> Response:
    repository = hub.readable(request)
    newest = hub.commit_at(repository, request.params["revision"])
    formatted = "formatted" in request.query.get("expand[]", [])
    rows = [_row(commit, formatted) for commit in repository.history(newest.oid)]
    return page(hub, request, rows, COMMITS_PER_PAGE)


def _rows(prefix: str, refs: dict[str, str]) -> list[dict[str, str]]:
    return [
        {"name": name, "ref": prefix + name, "targetCommit": commit}
        for name, commit in sorted(refs.items())
    ]


def _row(commit: Commit, formatted: bool) -> dict[str, object]:
    row: dict[str, object] = {
        "id": commit.oid,
        "title": commit.title,
        "message": commit.message,
        "authors": [{"user": commit.author}],
        "date": commit.date,
    }
    if formatted:
        title, message = html.escape(commit.title), html.escape(commit.message)
        row["formatted"] = {"title": title, "message": message}
    return row
