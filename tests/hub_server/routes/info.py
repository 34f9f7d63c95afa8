"""What a repository is; and all those that fit a search."""

from typing import Any

from hub_server import card
from hub_server.hub import Hub
from hub_server.messages import Request, Response, json_response
from hub_server.pages import page
from hub_server.repository import Commit, Repository
from hub_server.routing import route

MODELS_PER_PAGE = 1000

# What a search tells of each model, and what more if it is asked for all.
BRIEF = [
    "likes",
    "private",
    "downloads",
    "tags",
    "pipeline_tag",
    "library_name",
    "createdAt",
    "modelId",
]
FULL = [*BRIEF, *["author", "gated", "disabled", "lastModified", "sha", "siblings"]]


@route("GET", "/api/models/{repo}")
@route("GET", "/api/models/{repo}/revision/{revision}")
def model_info(hub: Hub, request: Request) -> Response:
    repository = hub.readable(request)
    commit = hub.commit_at(repository, request.params.get("revision", "main"))
    data = describe(repository, commit, blobs=request.asks("blobs"))
    expand = request.query.get("expand")
    return json_response(data if expand is None else _only(data, expand))


@route("GET", "/api/models")
def search(hub: Hub, request: Request) -> Response:
    found = [
        describe(repository, repository.commit(repository.settings.branches["main"]))
        for repository in hub.repositories
        if hub.may_see(request.token, repository)
    ]
    rows = [data for data in found if _fits(data, request)]
    order = request.query.get("sort", ["createdAt"])[0]
    rows.sort(key=lambda data: data.get(order) or 0, reverse=True)
    size = max(1, min(MODELS_PER_PAGE, request.number("limit", MODELS_PER_PAGE)))
    return page(hub, request, [_only(row, _keys(request)) for row in rows], size)


def describe(repository: Repository, commit: Commit, *, blobs: bool = False) -> dict[str, Any]:
    """Return all that the Hub tells of a model at a commit."""
    metadata = _metadata(repository, commit)
    settings = repository.settings
    main = repository.commit(settings.branches["main"])
    return {
        "_id": main.oid[:24],
        "id": repository.id,
        "modelId": repository.id,
        "author": repository.namespace,
        "sha": commit.oid,
        "lastModified": main.date,
        "createdAt": settings.created,
        "private": settings.private,
        "gated": settings.gated,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "trendingScore": 0,
        "library_name": metadata.get("library_name"),
        "pipeline_tag": metadata.get("pipeline_tag"),
        "tags": [*card.tags(metadata), "region:us"],
        "cardData": metadata,
        "model-index": metadata.get("model-index"),
        "siblings": _siblings(commit, blobs=blobs),
        "spaces": [],
        "usedStorage": sum({entry.oid: entry.size for entry in commit.tree.values()}.values()),
    }


def _metadata(repository: Repository, commit: Commit) -> dict[str, Any]:
    entry = commit.tree.get("README.md")
    if entry is None:
        return {}
    text = repository.stored(entry).read_text(encoding="utf-8", errors="replace")
    return card.read_metadata(text) or {}


def _siblings(commit: Commit, *, blobs: bool) -> list[dict[str, Any]]:
    rows = []
    for path, entry in sorted(commit.tree.items()):
        row: dict[str, Any] = {"rfilename": path}
        if blobs:
            row |= {"blobId": entry.oid, "size": entry.size}
        if blobs and entry.large:
            row["lfs"] = {
                "sha256": entry.sha256,
                "size": entry.size,
                "pointerSize": entry.pointer_size,
            }
        rows.append(row)
    return rows


def _fits(data: dict[str, Any], request: Request) -> bool:
    """Whether a model is one that a search looks for; all that it asks must hold."""
    query = request.query
    tags = [tag for value in query.get("filter", []) for tag in value.split(",")]
    words = [word.lower() for word in query.get("search", [])]
    return (
        all(tag in data["tags"] for tag in tags)
        and all(word in data["id"].lower() for word in words)
        and all(data["author"] == value for value in query.get("author", []))
        and all(data["pipeline_tag"] == value for value in query.get("pipeline_tag", []))
        and ("gated" not in query or bool(data["gated"]) == request.asks("gated"))
    )


def _keys(request: Request) -> list[str]:
    """Return what a search wants to know of each model."""
    expand = request.query.get("expand")
    if expand is not None:
        return expand
    keys = FULL if request.asks("full") else BRIEF
    return [*keys, "cardData"] if request.asks("cardData") else keys


def _only(data: dict[str, Any], keys: list[str]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key in {"_id", "id", *keys}}
