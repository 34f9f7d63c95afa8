"""The origins of the Hub on this machine: its own, that of the storage behind it, and of Xet."""

import contextlib
import socket
import sys
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from hub_server.handler import Handler
from hub_server.hub import Hub


class Origin(ThreadingHTTPServer):
    """A port of the server. Open connections are closed with it."""

    daemon_threads = False
    request_queue_size = 64

    def __init__(self, hub: Hub, name: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.hub = hub
        self.name = name
        self._connections: set[socket.socket] = set()
        self._lock = Lock()
        self._thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.shutdown()
        self._thread.join()
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        with self._lock:
            self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep the error for the end, unless it is a client that went away."""
        error = sys.exception()
        if isinstance(error, Exception) and not isinstance(error, ConnectionError):
            self.hub.errors.append(error)


@contextlib.contextmanager
def serve(folder: Path, *, xet: bool = False) -> Iterator[Hub]:
    """Serve the Hub that is kept in a folder, for a while.

    Raises:
        Exception: what went wrong in the server itself, at the end.
    """
    hub = Hub(folder, xet=xet)
    origins = [Origin(hub, name) for name in ("hub", "storage", "xet")]
    hub.url, hub.storage_url, hub.xet_url = (origin.url for origin in origins)
    for origin in origins:
        origin.start()
    try:
        yield hub
    finally:
        for origin in origins:
            origin.stop()
    if hub.errors:
        raise hub.errors[0]
