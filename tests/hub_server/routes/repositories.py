"""Repositories: create, delete, and who may see them."""

import re
from typing import Any

from hub_server import refusals
from hub_server.hub import Hub
from hub_server.messages import Request, Response, json_response
from hub_server.routing import route

NAME = re.compile(r"(?!.*(--|\.\.))[A-Za-z0-9_][A-Za-z0-9_.-]{0,95}(?<![.-])")


@route("POST", "/api/repos/create")
def create(hub: Hub, request: Request) -> Response:
    data = request.json()
    repo_id = _asked_for(request, data)
    hub_id = {"url": f"{hub.url}/{repo_id}", "name": repo_id, "id": repo_id}
    if not NAME.fullmatch(repo_id.partition("/")[2]):
        raise refusals.bad_request(f"Invalid repo name: {repo_id}")
    if hub.find(repo_id) is not None:
        raise refusals.conflict("You already created this model repo", url=hub_id["url"])
    hub.create_repo(repo_id, private=_is_private(data) or False)
    return json_response(hub_id)


@route("DELETE", "/api/repos/delete")
def delete(hub: Hub, request: Request) -> Response:
    repo_id = _asked_for(request, request.json())
    if hub.find(repo_id) is None:
        raise refusals.repository_not_found(logged_in=True)
    hub.delete_repo(repo_id)
    return json_response({})


@route("PUT", "/api/models/{repo}/settings")
def settings(hub: Hub, request: Request) -> Response:
    repository, data = hub.writable(request), request.json()
    hub.update(repository.id, private=_is_private(data), gated=data.get("gated"))
    return json_response(
        {"private": repository.settings.private, "gated": repository.settings.gated}
    )


@route("GET", "/api/models/{repo}/auth-check")
def check_reading(hub: Hub, request: Request) -> Response:
    hub.open_to(request)
    return json_response({})


@route("GET", "/api/models/{repo}/auth-check/write")
def check_writing(hub: Hub, request: Request) -> Response:
    hub.writable(request)
    return json_response({})


def _asked_for(request: Request, data: dict[str, Any]) -> str:
    """Return the repository to create or delete, if the asker may."""
    token = request.token
    if token is None:
        raise refusals.not_logged_in()
    if data.get("type", "model") != "model":
        raise refusals.Refusal(501, "this server has only repositories of models")
    namespace = data.get("organization") or token.user
    if token.role != "write" or not token.owns(namespace):
        raise refusals.forbidden(
            f'You don\'t have the rights to create a model under the namespace "{namespace}"'
        )
    return f"{namespace}/{data.get('name')}"


def _is_private(data: dict[str, Any]) -> bool | None:
    if "visibility" in data:
        return bool(data["visibility"] == "private")
    return data.get("private")
