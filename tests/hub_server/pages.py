"""Long answers, a page at a time."""

import base64
from typing import Any
from urllib.parse import urlencode

from hub_server import refusals
from hub_server.hub import Hub
from hub_server.messages import Request, Response, json_response


def page(hub: Hub, request: Request, rows: list[Any], size: int) -> Response:
    """Return the rows of a page; the header Link says where the next one is."""
    start = _position(request.query.get("cursor", [""])[0])
    response = json_response(rows[start : start + size])
    response.headers["X-Total-Count"] = str(len(rows))
    if start + size < len(rows):
        cursor = base64.urlsafe_b64encode(str(start + size).encode()).decode()
        query = urlencode(request.query | {"cursor": [cursor]}, doseq=True)
        response.headers["Link"] = f'<{hub.url}{request.path}?{query}>; rel="next"'
    return response


def _position(cursor: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(cursor.encode()) or b"0")
    except ValueError:
        raise refusals.bad_request("Invalid cursor") from None
