"""Signed links to the storage: who has one needs no token."""

import hmac
import time
from urllib.parse import unquote, urlencode

from hub_server import refusals
from hub_server.hub import Hub
from hub_server.messages import Request

VALID_SECONDS = 3600


def sign(hub: Hub, method: str, path: str) -> str:
    """Return a path with a query that lets anyone use it with a method, for a while."""
    expires = str(int(time.time()) + VALID_SECONDS)
    fields = {"Expires": expires, "Signature": _signature(hub, method, path, expires)}
    return f"{path}?{urlencode(fields)}"


def check(hub: Hub, request: Request) -> None:
    """Refuse a request that no link was signed for."""
    method = "GET" if request.method == "HEAD" else request.method
    expires = request.query.get("Expires", ["0"])[0]
    signature = request.query.get("Signature", [""])[0]
    if not hmac.compare_digest(signature, _signature(hub, method, request.path, expires)):
        raise refusals.forbidden("AccessDenied")
    if int(expires) < time.time():
        raise refusals.forbidden("AccessDenied: the link has expired")


def _signature(hub: Hub, method: str, path: str, expires: str) -> str:
    text = f"{method} {unquote(path)} {expires}"
    return hmac.new(hub.secret, text.encode(), "sha256").hexdigest()
