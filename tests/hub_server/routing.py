"""Which function answers which request."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from hub_server.hub import Hub
from hub_server.messages import Request, Response

Function = Callable[[Hub, Request], Response]

PARTS = {"repo": "[^/]+/[^/]+", "path": ".+"}


@dataclass(frozen=True)
class Route:
    """A method and a shape of path, the origin it is at, and the function that answers.

    A function that keeps the lock sees and changes the state with no other in between.
    """

    method: str
    shape: re.Pattern[str]
    origin: str
    locks: bool
    function: Function


ROUTES: list[Route] = []


def route(
    method: str, template: str, *, origin: str = "hub", locks: bool = True
) -> Callable[[Function], Function]:
    """Let a function answer requests for a template such as "/api/models/{repo}/refs"."""

    def register(function: Function) -> Function:
        for one in method.split():
            ROUTES.append(Route(one, _shape(template), origin, locks, function))
        return function

    return register


def find_route(request: Request, origin: str) -> Route | None:
    """Return the route of a request; its parameters are put into the request."""
    for candidate in ROUTES:
        if (candidate.method, candidate.origin) == (request.method, origin):
            match = candidate.shape.fullmatch(request.path)
            if match:
                request.params = {name: unquote(part) for name, part in match.groupdict().items()}
                return candidate
    return None


def _shape(template: str) -> re.Pattern[str]:
    """Return the expression for a template: its literal pieces, and a group for each {name}."""
    expression = ""
    for place, piece in enumerate(re.split(r"{(\w+)}", template)):
        is_name = place % 2
        expression += f"(?P<{piece}>{PARTS.get(piece, '[^/]+')})" if is_name else re.escape(piece)
    return re.compile(expression)
