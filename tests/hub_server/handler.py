"""From a connection to a route, and back."""

import contextlib
import io
import socket
import uuid
from email.message import Message
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from hub_server import routes
from hub_server.faults import ConnectionCut, strike_early, strike_late
from hub_server.messages import Request, Response, refusal_response
from hub_server.refusals import Refusal
from hub_server.routing import find_route

if TYPE_CHECKING:
    from hub_server.server import Origin

DRAINED_BYTES = 2**24

routes.load()


class Handler(BaseHTTPRequestHandler):
    """Answers the requests of one connection, one after another."""

    server: "Origin"
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: Any) -> None:
        """Stay quiet."""

    def answer(self) -> None:
        hub, body = self.server.hub, RequestBody(self.rfile, self.headers)
        path, _, query = self.path.partition("?")
        line = f"{self.command} {path}"
        hub.requests.append(line)
        fields = parse_qs(query, keep_blank_values=True)
        request = Request(self.command, path, fields, self.headers, io.BufferedReader(body))
        try:
            response = strike_early(hub.faults, line) or self.respond(request)
            response = strike_late(hub.faults, line, response)
        except ConnectionCut:
            self.cut()
        else:
            self.drain(body)
            self.send(response)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer

    def respond(self, request: Request) -> Response:
        """Act on a request, and return the answer."""
        hub, origin = self.server.hub, self.server.name
        try:
            if origin == "hub":
                request.token = hub.identify(request.headers["Authorization"])
            elif origin == "storage" and request.headers["Authorization"] is not None:
                raise Refusal(400, "Only one auth mechanism allowed: the link is signed")
            route = find_route(request, origin)
            if route is None:
                raise Refusal(501, f"this server has no route {request.method} {request.path}")
            with hub.lock if route.locks else contextlib.nullcontext():
                return route.function(hub, request)
        except Refusal as refusal:
            return refusal_response(refusal)
        except ConnectionError:
            raise ConnectionCut from None
        except Exception as error:
            hub.errors.append(error)
            return refusal_response(Refusal(500, f"{type(error).__name__}: {error}"))

    def send(self, response: Response) -> None:
        body = response.body
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("X-Request-Id", uuid.uuid4().hex)
        if response.status != 304:
            self.send_header("Content-Length", str(body.length))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        left = body.length if response.cut is None else response.cut
        if self.command != "HEAD" and response.status != 304:
            for block in body.blocks():
                self.wfile.write(block[:left])
                left -= min(left, len(block))
        if response.cut is not None:
            self.cut()

    def drain(self, body: "RequestBody") -> None:
        """Read what is left of a body, so that the connection can go on; or give it up."""
        left = DRAINED_BYTES
        while left > 0 and (block := body.read(2**16)):
            left -= len(block)
        if left <= 0:
            self.close_connection = True

    def cut(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)


class RequestBody(io.RawIOBase):
    """The body of a request: so many bytes as its header says, or chunks up to an empty one."""

    def __init__(self, source: io.BufferedIOBase, headers: Message) -> None:
        self._source = source
        self._chunked = headers["Transfer-Encoding"] == "chunked"
        self._left = int(headers["Content-Length"] or 0)
        self._ended = not self._chunked

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._left and not self._ended:
            self._next_chunk()
        block = self._source.read(min(len(buffer), self._left))
        if self._left and not block:
            raise ConnectionResetError("the request ended early")
        buffer[: len(block)] = block
        self._left -= len(block)
        if self._chunked and not self._left and not self._ended:
            self._source.readline()
        return len(block)

    def _next_chunk(self) -> None:
        self._left = int(self._source.readline().partition(b";")[0], 16)
        if not self._left:
            self._ended = True
            while self._source.readline().strip():
                pass
