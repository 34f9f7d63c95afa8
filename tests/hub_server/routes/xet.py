"""Xet: this Hub has none."""

from hub_server.hub import Hub
from hub_server.messages import Request, Response
from hub_server.refusals import Refusal
from hub_server.routing import route


@route("GET", "/api/models/{repo}/xet-read-token/{revision}")
def read_token(hub: Hub, request: Request) -> Response:
    hub.open_to(request)
    raise Refusal(404, "Xet is not enabled")


@route("GET", "/api/models/{repo}/xet-write-token/{revision}")
def write_token(hub: Hub, request: Request) -> Response:
    hub.writable(request)
    raise Refusal(404, "Xet is not enabled")
