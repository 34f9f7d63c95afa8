"""Xet, where the Hub has it: tokens for its store, and the store itself at an origin of its own."""

import re
from typing import TYPE_CHECKING

from hub_server import links, refusals, xet_formats
from hub_server.hub import Hub
from hub_server.messages import Request, Response, json_response
from hub_server.ranges import part_of
from hub_server.routing import route

if TYPE_CHECKING:
    from hub_server.tokens import Role

RANGE = re.compile(r"bytes=(\d+)-(\d+)")


@route("GET", "/api/models/{repo}/xet-read-token/{revision}")
def read_token(hub: Hub, request: Request) -> Response:
    return _new_token(hub, hub.open_to(request).id, "read")


@route("GET", "/api/models/{repo}/xet-write-token/{revision}")
def write_token(hub: Hub, request: Request) -> Response:
    return _new_token(hub, hub.writable(request).id, "write")


@route("GET", "/v1/chunks/{prefix}/{name}", origin="xet")
def find_chunk(hub: Hub, request: Request) -> Response:
    hub.xet_store.repository_of(request.headers["Authorization"], "read")
    raise refusals.Refusal(404, "no chunk is known to others")


@route("POST", "/v1/xorb-grants/default/{name}", origin="xet")
def grant_xorb(hub: Hub, request: Request) -> Response:
    hub.xet_store.repository_of(request.headers["Authorization"], "write")
    name = request.params["name"]
    if hub.xet_store.xorb(name).exists():
        return json_response({})
    path = f"/xorb-uploads/{name}/{request.json()['length']}"
    url = hub.storage_url + links.sign(hub, "PUT", path)
    return json_response({"id": name, "method": "PUT", "url": url, "headers": {}}, status=201)


@route("PUT", "/xorb-uploads/{name}/{size}", origin="storage")
def put_xorb(hub: Hub, request: Request) -> Response:
    links.check(hub, request)
    content = request.read()
    if len(content) != int(request.params["size"]):
        raise refusals.bad_request("this is not the xorb that was announced")
    hub.xet_store.add_xorb(request.params["name"], content)
    return Response(200)


@route("POST", "/v1/xorb-commits/default/{name}/grant/{grant}", origin="xet")
def commit_xorb(hub: Hub, request: Request) -> Response:
    hub.xet_store.repository_of(request.headers["Authorization"], "write")
    if not hub.xet_store.xorb(request.params["name"]).exists():
        raise refusals.Refusal(404, "nothing was uploaded")
    return json_response({"was_inserted": True})


@route("POST", "/v1/shards", origin="xet")
def add_shard(hub: Hub, request: Request) -> Response:
    repo_id = hub.xet_store.repository_of(request.headers["Authorization"], "write")
    for file in xet_formats.read_shard(request.read()):
        hub.xet_store.add_file(hub.repository(repo_id), file)
    return json_response({"result": 1})


@route("GET", "/v1/reconstructions/{name}", origin="xet")
def reconstruction(hub: Hub, request: Request) -> Response:
    hub.xet_store.repository_of(request.headers["Authorization"], "read")
    match = RANGE.fullmatch(request.headers["Range"] or "")
    start, stop = (int(match[1]), int(match[2]) + 1) if match else (0, None)
    file = hub.xet_store.file(request.params["name"])
    answer = hub.xet_store.reconstruction(file, start, stop)
    for xorb, parts in answer["fetch_info"].items():
        for part in parts:
            part["url"] = hub.storage_url + links.sign(hub, "GET", f"/xorbs/{xorb}")
    return json_response(answer)


@route("GET", "/xorbs/{name}", origin="storage")
def xorb(hub: Hub, request: Request) -> Response:
    links.check(hub, request)
    return part_of(hub.xet_store.xorb(request.params["name"]), request, {})


@route("POST", "/v1/telemetry", origin="xet")
def telemetry(hub: Hub, request: Request) -> Response:
    return json_response({})


def _new_token(hub: Hub, repo_id: str, role: "Role") -> Response:
    if not hub.has_xet:
        raise refusals.Refusal(404, "Xet is not enabled for this repository")
    token, expires = hub.xet_store.new_token(repo_id, role)
    return json_response(
        {"casUrl": hub.xet_url, "accessToken": token, "exp": expires},
        X_Xet_Cas_Url=hub.xet_url,
        X_Xet_Access_Token=token,
        X_Xet_Token_Expiration=str(expires),
    )
