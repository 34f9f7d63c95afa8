"""What goes wrong, when a test asks for it.

A fault is an effect, and which requests it strikes: `hub.fault("GET *.safetensors", FlipByte())`.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from threading import Lock

from hub_server.messages import Response, refusal_response
from hub_server.refusals import Refusal


class ConnectionCut(Exception):
    """The connection is to be closed with no answer."""


class Early:
    """An effect before the request is acted on."""

    def before(self) -> Response | None:
        """Return the answer, or None to go on."""
        raise NotImplementedError


class Late:
    """An effect on the answer; most need the bytes of a file to work on."""

    def fits(self, method: str, response: Response) -> bool:
        return method == "GET" and response.status in (200, 206) and response.body.length > 0

    def after(self, response: Response) -> Response:
        raise NotImplementedError


@dataclass(frozen=True)
class Answer(Early):
    """The server answers with an error, and does nothing."""

    status: int
    message: str = "a fault that the test asked for"
    headers: dict[str, str] = field(default_factory=dict)

    def before(self) -> Response:
        return refusal_response(Refusal(self.status, self.message, headers=self.headers))


@dataclass(frozen=True)
class Redirect(Early):
    """The server sends the client elsewhere."""

    url: str
    status: int = 302

    def before(self) -> Response:
        return Response(self.status, {"Location": self.url})


@dataclass(frozen=True)
class Delay(Early):
    """The server takes its time."""

    seconds: float

    def before(self) -> None:
        time.sleep(self.seconds)


@dataclass(frozen=True)
class Run(Early):
    """Something happens just before the request is acted on: a commit by someone else."""

    callback: Callable[[], object]

    def before(self) -> None:
        self.callback()


@dataclass(frozen=True)
class Hangup(Early):
    """The connection breaks before the request is acted on."""

    def before(self) -> None:
        raise ConnectionCut


@dataclass(frozen=True)
class LostAnswer(Late):
    """The request is acted on, and the connection breaks before the answer."""

    def fits(self, method: str, response: Response) -> bool:
        return True

    def after(self, response: Response) -> Response:
        raise ConnectionCut


@dataclass(frozen=True)
class Drop(Late):
    """The connection breaks after so many bytes of the body."""

    after_bytes: int = 0

    def after(self, response: Response) -> Response:
        return replace(response, cut=self.after_bytes)


@dataclass(frozen=True)
class Truncate(Late):
    """The body ends after so many bytes, and Content-Length says so too."""

    to_bytes: int = 0

    def after(self, response: Response) -> Response:
        length = min(self.to_bytes, response.body.length)
        return replace(response, body=replace(response.body, length=length))


@dataclass(frozen=True)
class FlipByte(Late):
    """One bit of the body is another: of its last byte, or of the one at a place."""

    at: int = -1

    def after(self, response: Response) -> Response:
        place = self.at % response.body.length
        return replace(response, body=replace(response.body, flipped=place))


@dataclass(frozen=True)
class WrongETag(Late):
    """The file is announced under another hash."""

    etag: str = "0" * 64

    def fits(self, method: str, response: Response) -> bool:
        return method in ("GET", "HEAD") and any(map(_is_etag, response.headers))

    def after(self, response: Response) -> Response:
        headers = {
            name: f'"{self.etag}"' if _is_etag(name) else value
            for name, value in response.headers.items()
        }
        return replace(response, headers=headers)


Effect = Early | Late


@dataclass
class Fault:
    """An effect, on the requests that fit a pattern such as "GET *.safetensors".

    It lets `skip` of them pass, and strikes `times` of the next; None means all.
    """

    pattern: str
    effect: Effect
    times: int | None = 1
    skip: int = 0
    struck: int = 0
    _lock: Lock = field(default_factory=Lock, repr=False)

    def lift(self) -> None:
        """Strike no more."""
        with self._lock:
            self.times = 0

    def strikes(self, line: str) -> bool:
        """Whether it strikes this request; counts it if so."""
        if not fnmatchcase(line, self.pattern):
            return False
        with self._lock:
            if self.skip:
                self.skip -= 1
                return False
            if self.times is not None and self.struck >= self.times:
                return False
            self.struck += 1
            return True


def strike_early(faults: Iterable[Fault], line: str) -> Response | None:
    """Let the faults do what they do before a request; return an answer that one of them gives."""
    for fault in list(faults):
        if isinstance(fault.effect, Early) and fault.strikes(line):
            response = fault.effect.before()
            if response is not None:
                return response
    return None


def strike_late(faults: Iterable[Fault], line: str, response: Response) -> Response:
    """Let the faults do what they do to an answer."""
    method = line.partition(" ")[0]
    for fault in list(faults):
        effect = fault.effect
        if isinstance(effect, Late) and effect.fits(method, response) and fault.strikes(line):
            response = effect.after(response)
    return response


def _is_etag(header: str) -> bool:
    return header.lower() in ("etag", "x-linked-etag")
