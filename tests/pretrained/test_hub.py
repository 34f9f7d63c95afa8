"""Models on the Hub: one commit, verified, and every refusal in words.

The client reads its settings when it is imported, so it runs in processes of their own, against a
server on this machine.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from mmgen.pretrained import build
from mmgen.testing import temporary_plugin
from mmgen.testing.tiny import plugin as tiny

COMMIT = "c" * 40


class Hub(ThreadingHTTPServer):
    """Serves the folder as "org/tiny", and with a flipped bit as "org/damaged"."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder = folder
        self.requests: list[str] = []

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
        elif path.startswith("/api/models/"):
            self.send(200, json.dumps(self.api(path)).encode(), {}, body=body)
        else:
            file = self.server.folder / path.partition(f"/resolve/{COMMIT}/")[2]
            data = file.read_bytes()
            headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{hashlib.sha256(data).hexdigest()}"'}
            if "org/damaged" in path and file.suffix == ".safetensors":
                data = data[:-1] + bytes([data[-1] ^ 1])
            self.send(200, data, headers, body=body)

    def refusal(self, path: str) -> tuple[int, str] | None:
        """Return the status and the Hub's word for it, for what cannot be had."""
        if "/org/gated" in path:
            return 403, "GatedRepo"
        if "org/broken" in path:
            return 500, ""
        if "org/tiny" not in path and "org/damaged" not in path:
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
from mmgen.testing import temporary_plugin
from mmgen.testing.tiny import plugin as tiny
with temporary_plugin(tiny, "tiny"):
    for name in sys.argv[1:]:
        try:
            model = mmgen.from_pretrained(name)
            print(json.dumps({"origin": model.origin.to_dict(), "class": type(model).__name__}))
        except mmgen.MmgenError as error:
            print(json.dumps({"error": type(error).__name__, "words": str(error)}))
"""


REFUSALS = {
    "org/none": "there is no repository 'org/none' on the Hub, or it is private",
    "org/tiny@v9": "'org/tiny' has no revision 'v9'",
    "org/gated": "'org/gated' is gated: ask for access on its page",
    "org/broken": "the Hub refused 'org/broken'",
    "a--b/c": "'a--b/c' is not the name of a repository",
}


def load(url: str, cache: Path, *names: str) -> dict[str, dict[str, Any]]:
    """Load models in a fresh process; return what became of each."""
    variables = {
        "HF_ENDPOINT": url,
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
    return dict(zip(names, map(json.loads, done.stdout.splitlines()), strict=True))


@dataclass(frozen=True)
class Visit:
    """What one process found on the Hub, and what it asked."""

    found: dict[str, dict[str, Any]]
    requests: list[str]
    cache: Path


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Visit:
    """Load every kind of repository once."""
    folder = tmp_path_factory.mktemp("hub")
    with temporary_plugin(tiny, "tiny"):
        build("tiny-net", {}).save(folder / "model")
    (folder / "model" / "pytorch_model.bin").write_bytes(b"a pickle")
    names = ["org/tiny", f"org/tiny@{COMMIT}", "org/damaged", *REFUSALS]
    with serve(folder / "model") as hub:
        found = load(hub.url, folder / "cache", *names)
        return Visit(found, hub.requests, folder / "cache")


@pytest.mark.parametrize("name", ["org/tiny", f"org/tiny@{COMMIT}"])
def test_a_repository_is_loaded_and_says_which_commit(visit: Visit, name: str) -> None:
    found = visit.found[name]
    assert found["class"] == "TinyNet"
    origin = found["origin"]
    assert (origin["name"], origin["source"], origin["revision"]) == ("org/tiny", "hub", COMMIT)
    assert set(origin["sha256"]) == {"config.json", "model.safetensors"}


def test_all_files_are_of_one_commit_and_no_pickle_is_fetched(visit: Visit) -> None:
    fetched = [request for request in visit.requests if request.startswith("GET /org/tiny/")]
    assert len(fetched) == 2
    assert all(f"/resolve/{COMMIT}/" in request for request in fetched)


@pytest.mark.parametrize(("name", "words"), REFUSALS.items())
def test_every_refusal_is_said_in_words(visit: Visit, name: str, words: str) -> None:
    found = visit.found[name]
    assert found["error"] == "ModelFileError"
    assert found["words"].startswith(words)
    assert "\n" not in found["words"]


def test_a_byte_that_flips_on_the_way_is_noticed(visit: Visit) -> None:
    assert "is not the file that was published: sha256" in visit.found["org/damaged"]["words"]


def test_without_network_what_was_fetched_will_do(visit: Visit) -> None:
    names = "org/tiny", f"org/tiny@{COMMIT}", "org/other"
    found = load("http://127.0.0.1:9", visit.cache, *names)
    assert [found[name]["origin"]["revision"] for name in names[:2]] == [COMMIT, COMMIT]
    assert found["org/other"]["words"] == (
        "'org/other' is not in the cache and the Hub cannot be reached"
    )
