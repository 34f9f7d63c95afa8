"""What comes in and what goes out."""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any

from hub_server import refusals
from hub_server.tokens import Token

BLOCK_BYTES = 2**16


@dataclass
class Request:
    """A request; `path` is as it was sent, `params` are the parts of it, decoded."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: Message
    body: io.BufferedIOBase
    token: Token | None = None
    params: dict[str, str] = field(default_factory=dict)

    def read(self) -> bytes:
        return self.body.read()

    def json(self) -> dict[str, Any]:
        try:
            data = json.loads(self.read())
        except ValueError:
            raise refusals.bad_request("the body is not JSON") from None
        if not isinstance(data, dict):
            raise refusals.bad_request("the body is not a JSON object")
        return data

    def asks(self, name: str) -> bool:
        """Whether a query parameter is on."""
        return self.query.get(name, [""])[0].lower() in ("1", "true")

    def number(self, name: str, default: int) -> int:
        value = self.query.get(name, [""])[0]
        return int(value) if value.isdigit() else default


@dataclass
class Body:
    """Bytes to send: in memory, or a part of a file; one of them may be damaged."""

    content: bytes | Path = b""
    start: int = 0
    length: int = -1
    flipped: int | None = None

    def __post_init__(self) -> None:
        if self.length < 0:
            content = self.content
            size = len(content) if isinstance(content, bytes) else content.stat().st_size
            self.length = size - self.start

    def blocks(self) -> Iterator[bytes]:
        place = 0
        for block in self._blocks():
            yield block if self.flipped is None else _flip(block, self.flipped - place)
            place += len(block)

    def _blocks(self) -> Iterator[bytes]:
        if isinstance(self.content, bytes):
            yield self.content[self.start : self.start + self.length]
            return
        left = self.length
        with self.content.open("rb") as file:
            file.seek(self.start)
            while left and (block := file.read(min(left, BLOCK_BYTES))):
                left -= len(block)
                yield block


@dataclass
class Response:
    """An answer; with a cut, the connection is closed after so many bytes of the body."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: Body = field(default_factory=Body)
    cut: int | None = None


def json_response(data: Any, *, status: int = 200, **headers: str) -> Response:
    """Return an answer in JSON; underscores in the names of headers stand for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    kind = {"Content-Type": "application/json; charset=utf-8"}
    return Response(status, kind | named, Body(json.dumps(data).encode()))


def refusal_response(refusal: refusals.Refusal) -> Response:
    """Return the answer that says no."""
    headers = {"X-Error-Message": " ".join(refusal.message.split())} | refusal.headers
    if refusal.code is not None:
        headers["X-Error-Code"] = refusal.code
    response = json_response({"error": refusal.message} | refusal.extra, status=refusal.status)
    response.headers |= headers
    return response


def _flip(block: bytes, place: int) -> bytes:
    if not 0 <= place < len(block):
        return block
    return block[:place] + bytes([block[place] ^ 1]) + block[place + 1 :]
