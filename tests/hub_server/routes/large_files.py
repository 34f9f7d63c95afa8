"""Large files on their way in, by the protocol of git LFS.

The Hub says where to send a file: a signed link to the storage, or one for each part of it. The
storage takes only what has the promised size and SHA-256.
"""

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

from hub_server import links, refusals
from hub_server.hub import Hub
from hub_server.messages import BLOCK_BYTES, Request, Response, json_response
from hub_server.repository import Repository
from hub_server.routing import route

UPLOAD = "/uploads/{repo}/{sha256}/{size}"


@route("POST", "/{repo}.git/info/lfs/objects/batch")
def batch(hub: Hub, request: Request) -> Response:
    repository, data = hub.writable(request), request.json()
    if data.get("operation") != "upload" or data.get("hash_algo", "sha256") != "sha256":
        raise refusals.Refusal(501, "this server takes uploads by SHA-256 only")
    transfer = "multipart" if hub.part_bytes else "basic"
    objects = [_instructions(hub, repository, wanted) for wanted in data["objects"]]
    return json_response({"transfer": transfer, "objects": objects})


@route("POST", "/{repo}.git/info/lfs/objects/verify")
def verify(hub: Hub, request: Request) -> Response:
    repository, data = hub.writable(request), request.json()
    path = repository.large_file(str(data["oid"]))
    if not path.exists() or path.stat().st_size != data["size"]:
        raise refusals.Refusal(404, f"Object {data['oid']} was not uploaded")
    return json_response({})


@route("PUT", UPLOAD, origin="storage", locks=False)
def put(hub: Hub, request: Request) -> Response:
    links.check(hub, request)
    repository, size = hub.repository(request.params["repo"]), int(request.params["size"])
    _receive(request, size, repository.large_file(request.params["sha256"]))
    return Response(200, {"ETag": f'"{request.params["sha256"]}"'})


@route("PUT", UPLOAD + "/{part}", origin="storage", locks=False)
def put_part(hub: Hub, request: Request) -> Response:
    links.check(hub, request)
    parts = _parts(hub.repository(request.params["repo"]), request.params["sha256"])
    parts.mkdir(parents=True, exist_ok=True)
    content = request.read()
    (parts / request.params["part"]).write_bytes(content)
    return Response(200, {"ETag": f'"{hashlib.sha256(content).hexdigest()}"'})


@route("POST", "/api/complete-upload/{repo}/{sha256}/{size}")
def complete(hub: Hub, request: Request) -> Response:
    links.check(hub, request)
    repository, sha256 = hub.repository(request.params["repo"]), request.params["sha256"]
    parts = _parts(repository, sha256)
    content = b""
    for part in request.json()["parts"]:
        piece = (parts / str(part["partNumber"])).read_bytes()
        if part["etag"].strip('"') != hashlib.sha256(piece).hexdigest():
            raise refusals.bad_request("InvalidPart")
        content += piece
    if hashlib.sha256(content).hexdigest() != sha256:
        raise refusals.bad_request("the parts are not the file that was announced")
    repository.add_large(content)
    shutil.rmtree(parts)
    return json_response({"success": True})


def _instructions(hub: Hub, repository: Repository, wanted: dict[str, Any]) -> dict[str, Any]:
    """Say how to send a file; nothing is to be done for one that is there."""
    sha256, size = str(wanted["oid"]), int(wanted["size"])
    answer: dict[str, Any] = {"oid": sha256, "size": size, "authenticated": True}
    if repository.large_file(sha256).exists():
        return answer
    path = UPLOAD.format(repo=repository.id, sha256=sha256, size=size)
    if hub.part_bytes and size > hub.part_bytes:
        upload = _in_parts(hub, path, size)
    else:
        upload = {"href": hub.storage_url + links.sign(hub, "PUT", path), "header": {}}
    checking = {"href": f"{hub.url}/{repository.id}.git/info/lfs/objects/verify", "header": {}}
    return answer | {"actions": {"upload": upload, "verify": checking}}


def _in_parts(hub: Hub, path: str, size: int) -> dict[str, Any]:
    part_bytes = hub.part_bytes or size
    header = {"chunk_size": str(part_bytes)}
    for part in range(1, -(-size // part_bytes) + 1):
        header[str(part)] = hub.storage_url + links.sign(hub, "PUT", f"{path}/{part}")
    complete = path.replace("/uploads/", "/api/complete-upload/", 1)
    return {"href": hub.url + links.sign(hub, "POST", complete), "header": header}


def _receive(request: Request, size: int, target: Path) -> None:
    """Write what is sent to a file, if it is what was announced."""
    if request.headers["Content-Length"] is None:
        raise refusals.Refusal(501, "NotImplemented: the storage must know the length")
    partial, digest = target.with_name(f".{target.name}.{os.urandom(4).hex()}"), hashlib.sha256()
    try:
        with partial.open("wb") as file:
            while block := request.body.read(BLOCK_BYTES):
                digest.update(block)
                file.write(block)
        if (digest.hexdigest(), partial.stat().st_size) != (target.name, size):
            raise refusals.bad_request("BadDigest: this is not the file that was announced")
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _parts(repository: Repository, sha256: str) -> Path:
    return repository.folder / "parts" / sha256
