"""Models on the Hub: one commit, verified, and every refusal in words.

The client reads its settings when it is imported, so each test runs in a process of its own,
against a server on this machine.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from mmgen.interfaces import Generator

COMMIT = "c" * 40


class Hub(ThreadingHTTPServer):
    """Serves the folder as "org/tiny"; other names answer as the Hub does."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder = folder
        self.requests: list[str] = []
        self.damages = False  # flips a bit of every weight file that it sends

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def files(self) -> list[Path]:
        return sorted(path for path in self.folder.rglob("*") if path.is_file())


class Handler(BaseHTTPRequestHandler):
    server: Hub

    def log_message(self, *_: Any) -> None:
        """Stay quiet."""

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, *, body: bool) -> None:
        path = self.path.partition("?")[0]
        self.server.requests.append(f"{self.command} {path}")
        error = self.refusal(path)
        if error is not None:
            self.send(error[0], b"{}", {"X-Error-Code": error[1]}, body=body)
        elif path.startswith("/api/models/org/tiny"):
            self.send(200, json.dumps(self.api(path)).encode(), {}, body=body)
        else:
            file = self.server.folder / path.partition(f"/resolve/{COMMIT}/")[2]
            data = file.read_bytes()
            headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{hashlib.sha256(data).hexdigest()}"'}
            if self.server.damages and file.suffix == ".safetensors":
                data = data[:-1] + bytes([data[-1] ^ 1])
            self.send(200, data, headers, body=body)

    def refusal(self, path: str) -> tuple[int, str] | None:
        """Return the status and the Hub's word for it, for what cannot be had."""
        if "/org/gated" in path:
            return 403, "GatedRepo"
        if "org/broken" in path:
            return 500, ""
        if "org/tiny" not in path:
            return 404, "RepoNotFound"
        if "/revision/" in path and not path.endswith(("/main", COMMIT)):
            return 404, "RevisionNotFound"
        return None

    def api(self, path: str) -> Any:
        entries = []
        for file in self.server.files():
            name = file.relative_to(self.server.folder).as_posix()
            data = file.read_bytes()
            lfs = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
            weights = name.endswith(".safetensors")
            entry: dict[str, Any] = {"rfilename": name, "size": len(data)}
            if "/tree/" in path:
                entry = {"type": "file", "path": name, "size": len(data), "oid": "0" * 40}
            if weights:
                entry["lfs"] = {**lfs, "oid": lfs["sha256"], "pointerSize": 1}
            entries.append(entry)
        if "/tree/" in path:
            return entries
        return {"id": "org/tiny", "sha": COMMIT, "siblings": entries, "private": False, "tags": []}

    def send(self, status: int, data: bytes, headers: dict[str, str], *, body: bool) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if body:
            self.wfile.write(data)


@contextmanager
def serve(folder: Path) -> Iterator[Hub]:
    """Serve a folder for a while."""
    hub = Hub(folder)
    thread = Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        hub.shutdown()
        thread.join()
        hub.server_close()


LOAD = """
import json, sys
import mmgen
from mmgen.testing import stand_in, temporary_plugin
from mmgen.testing.tiny import plugin as tiny
with temporary_plugin(tiny, "tiny"), temporary_plugin(stand_in, "stand_in"):
    for name in sys.argv[1:]:
        try:
            model = mmgen.from_pretrained(name)
            print(json.dumps({"origin": model.origin.to_dict(), "class": type(model).__name__}))
        except mmgen.MmgenError as error:
            print(json.dumps({"error": type(error).__name__, "words": str(error)}))
"""


@pytest.fixture
def hub(saved: Path) -> Iterator[Hub]:
    (saved / "pytorch_model.bin").write_bytes(b"a pickle")
    with serve(saved) as server:
        yield server


def load(hub: Hub | None, cache: Path, *names: str) -> list[dict[str, Any]]:
    """Load models in a fresh process; return what became of each."""
    variables = {
        "HF_ENDPOINT": hub.url if hub else "http://127.0.0.1:9",
        "HF_HOME": str(cache),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", LOAD, *names],
        capture_output=True,
        text=True,
        env=os.environ | variables,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_repository_is_loaded_at_one_commit_and_from_the_cache_after(
    hub: Hub, tmp_path: Path, model: Generator
) -> None:
    first, again = load(hub, tmp_path / "cache", "org/tiny", f"org/tiny@{COMMIT}")
    for found in (first, again):
        assert found["class"] == type(model).__name__
        assert found["origin"]["name"] == "org/tiny"
        assert (found["origin"]["source"], found["origin"]["revision"]) == ("hub", COMMIT)
        assert len(found["origin"]["sha256"]) == 6
    fetched = [request for request in hub.requests if request.startswith("GET /org/")]
    assert all(f"/resolve/{COMMIT}/" in request for request in fetched)
    assert not any("pytorch_model.bin" in request for request in fetched)
    hub.requests.clear()
    (cached,) = load(hub, tmp_path / "cache", f"org/tiny@{COMMIT}")
    assert cached["class"] == type(model).__name__
    assert hub.requests == []
    (offline,) = load(None, tmp_path / "cache", "org/tiny")
    assert offline["origin"]["revision"] == COMMIT


def test_every_refusal_is_said_in_words(hub: Hub, tmp_path: Path) -> None:
    expected = {
        "org/none": "there is no repository 'org/none' on the Hub, or it is private",
        "org/tiny@v9": "'org/tiny' has no revision 'v9'",
        "org/gated": "'org/gated' is gated: ask for access on its page",
        "org/broken": "the Hub refused 'org/broken'",
        "a--b/c": "'a--b/c' is not the name of a repository",
    }
    for found, words in zip(
        load(hub, tmp_path / "cache", *expected), expected.values(), strict=True
    ):
        assert found["error"] == "ModelFileError"
        assert found["words"].startswith(words)
        assert "\n" not in found["words"]


def test_a_byte_that_flips_on_the_way_is_noticed(hub: Hub, tmp_path: Path) -> None:
    hub.damages = True
    (found,) = load(hub, tmp_path / "cache", "org/tiny")
    assert "is not the file that was published: sha256" in found["words"]


def test_without_network_and_cache_it_is_said(tmp_path: Path) -> None:
    (found,) = load(None, tmp_path / "cache", "org/tiny")
    assert found["words"] == "'org/tiny' is not in the cache and the Hub cannot be reached"
