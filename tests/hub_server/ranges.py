"""A file, or the part of it that a request asks for."""

import re
from pathlib import Path

from hub_server.messages import Body, Request, Response

RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def part_of(path: Path, request: Request, headers: dict[str, str]) -> Response:
    """Return a file, or a single range of it."""
    headers = headers | {
        "Accept-Ranges": "bytes",
        "Content-Type": "application/octet-stream",
    }
    size = path.stat().st_size
    match = RANGE.fullmatch(request.headers["Range"] or "")
    if match is None or not any(match.groups()):
        return Response(200, headers, Body(path))
    first, last = match.groups()
    start = int(first) if first else max(size - int(last), 0)
    stop = min(int(last) + 1, size) if first and last else size
    if start >= stop:
        return Response(416, headers | {"Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    return Response(206, headers, Body(path, start, stop - start))
