"""The bytes of files.

A large file is sent by the storage behind the Hub, under a signed link at another origin. A
regular one is sent by the Hub itself, for a public repository at an address with the commit in it.
"""

from urllib.parse import quote, urlencode

from hub_server import links, refusals
from hub_server.hub import Hub
from hub_server.messages import Body, Request, Response
from hub_server.ranges import part_of
from hub_server.repository import Commit, Entry, Repository
from hub_server.routing import route


@route("GET HEAD", "/{repo}/resolve/{revision}/{path}")
def resolve(hub: Hub, request: Request) -> Response:
    repository, commit, entry = _find(hub, request)
    headers = _announced(commit, entry)
    if entry.xet_hash is not None and hub.has_xet:
        headers["X-Xet-Hash"] = entry.xet_hash
        token = f"{hub.url}/api/models/{repository.id}/xet-read-token/{commit.oid}"
        headers["Link"] = f'<{token}>; rel="xet-auth"'
    if entry.large:
        return _found(302, _storage_link(hub, repository, request, entry), headers)
    if entry.size and not repository.settings.private and not repository.settings.gated:
        return _found(307, _cache_link(repository, commit, request, entry), headers)
    return send_file(hub, request, repository, entry, headers)


@route("GET HEAD", "/api/resolve-cache/models/{repo}/{revision}/{path}")
def resolve_cache(hub: Hub, request: Request) -> Response:
    repository, commit, entry = _find(hub, request)
    return send_file(hub, request, repository, entry, _announced(commit, entry))


@route("GET HEAD", "/files/{repo}/{sha256}/{path}", origin="storage")
def storage(hub: Hub, request: Request) -> Response:
    links.check(hub, request)
    repository = hub.repository(request.params["repo"])
    path = repository.large_file(request.params["sha256"])
    if not path.exists():
        raise refusals.Refusal(404, "NoSuchKey")
    return part_of(path, request, {"ETag": f'"{request.params["sha256"]}"'})


def send_file(
    hub: Hub, request: Request, repository: Repository, entry: Entry, headers: dict[str, str]
) -> Response:
    """Return a file that is kept in git, or that the client has it already."""
    headers = {"ETag": f'"{entry.etag}"', "X-Repo-Commit": headers["X-Repo-Commit"]}
    if request.headers["If-None-Match"] == headers["ETag"]:
        return Response(304, headers)
    name = request.params["path"].rpartition("/")[2]
    headers["Content-Disposition"] = f"inline; filename*=UTF-8''{quote(name)}; "
    return part_of(repository.stored(entry), request, headers)


def _find(hub: Hub, request: Request) -> tuple[Repository, Commit, Entry]:
    repository = hub.open_to(request)
    commit = hub.commit_at(repository, request.params["revision"])
    path = request.params["path"]
    if path not in commit.tree:
        raise refusals.entry_not_found(path, commit.oid)
    return repository, commit, commit.tree[path]


def _announced(commit: Commit, entry: Entry) -> dict[str, str]:
    return {
        "X-Repo-Commit": commit.oid,
        "X-Linked-Size": str(entry.size),
        "X-Linked-ETag": f'"{entry.etag}"',
        "Accept-Ranges": "bytes",
    }


def _found(status: int, location: str, headers: dict[str, str]) -> Response:
    words = {302: "Found", 307: "Temporary Redirect"}[status]
    text = f"{words}. Redirecting to {location}".encode()
    kind = {"Content-Type": "text/plain; charset=utf-8", "Location": location}
    return Response(status, headers | kind, Body(text))


def _cache_link(repository: Repository, commit: Commit, request: Request, entry: Entry) -> str:
    path = quote(request.params["path"])
    query = urlencode({request.path: "", "etag": f'"{entry.etag}"'})
    return f"/api/resolve-cache/models/{repository.id}/{commit.oid}/{path}?{query}"


def _storage_link(hub: Hub, repository: Repository, request: Request, entry: Entry) -> str:
    # As a browser would, a client may cut ".." out of an address; so only the name goes there.
    name = quote(request.params["path"].rpartition("/")[2], safe="")
    path = f"/files/{repository.id}/{entry.sha256}/{name}"
    return hub.storage_url + links.sign(hub, "GET", path)
