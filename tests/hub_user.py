"""Somebody who uses mmgen: a process with the real client, the tiny family, and a cache."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hub_server import ClientError, ClientProcess, Hub

SET_UP = """
import contextlib, hashlib, io, os, warnings, mmgen
from pathlib import Path
from mmgen.testing import temporary_plugin
from mmgen.testing.tiny import plugin as tiny
plugin = temporary_plugin(tiny, "tiny")
plugin.__enter__()

def cli(*arguments):
    from mmgen.cli.program import main
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(list(arguments))
    return {"code": code, "out": out.getvalue(), "err": err.getvalue()}

def load(name, **more):
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        model = mmgen.from_pretrained(name, **more)
    pictures = model.generate(3, seed=5).images.numpy().tobytes()
    return {
        "revision": model.origin.revision,
        "source": model.origin.source,
        "sha256": dict(model.origin.sha256),
        "pictures": hashlib.sha256(pictures).hexdigest(),
        "heard": [str(warning.message) for warning in heard],
    }
"""

# The client's pauses are its own; those of mmgen are made short.
HURRY = "import mmgen.hub.client\nmmgen.hub.client._FIRST_PAUSE_SECONDS = 0.01"

LIMIT = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
"""

MAKE = """
from mmgen.pretrained import build
import torch
torch.manual_seed(seed)
str(build(architecture, {}).save(folder))
"""


@dataclass(frozen=True)
class Loaded:
    """A model that was loaded: where from, what pictures it gives, what the user was told."""

    revision: str
    source: str
    sha256: dict[str, str]
    pictures: str
    heard: list[str]


class User(ClientProcess):
    """A process with mmgen, the tiny family, and a cache of its own."""

    def __init__(self, hub: Hub | str, home: Path, **settings: Any) -> None:
        super().__init__(hub, home, **settings)
        self.home = home
        self.run(SET_UP)

    def load(self, name: str, **more: Any) -> Loaded:
        """Load a model; say what came."""
        return Loaded(**self.run("load(name, **more)", name=name, more=more))

    def is_refused(self, kind: str, words: str, name: str, **more: Any) -> str:
        """Check that a model is not loaded, why, and how it is said; return the words."""
        with pytest.raises(ClientError) as error:
            self.load(name, **more)
        assert "MmgenError" in error.value.kinds, error.value
        assert re.fullmatch(kind, error.value.kind), error.value
        assert re.search(words, error.value.words), error.value.words
        return error.value.words

    def log_in(self, token: str | None) -> None:
        """Use another token, or none."""
        code = "os.environ.pop('HF_TOKEN', None) if token is None else os.environ.update(v)"
        self.run(code, token=token, v={"HF_TOKEN": token})

    def limit_files(self, size: int | None) -> None:
        """Let no file grow over so many bytes, as if the disk were full; None ends it."""
        self.run(LIMIT, size=-1 if size is None else size)

    def folder(self, repo: str) -> Path:
        """Return where the client's cache has a repository."""
        return self.home / "hub" / ("models--" + repo.replace("/", "--"))

    def blobs(self, repo: str) -> dict[str, bytes]:
        """Return what the cache holds of a repository, by the names that the client gives."""
        paths = (self.folder(repo) / "blobs").glob("*")
        return {path.name: path.read_bytes() for path in paths}

    def cached(self, repo: str, commit: str) -> dict[str, bytes]:
        """Return the files of a commit in the cache."""
        folder = self.folder(repo) / "snapshots" / commit
        paths: Iterable[Path] = folder.rglob("*") if folder.exists() else ()
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in paths
            if path.is_file()
        }


def user(
    hub: Hub | str, home: Path, *, token: str | None = None, xet: bool = False, **variables: str
) -> User:
    """Return a process with mmgen, the tiny family, and a cache of its own."""
    return User(hub, home, token=token, xet=xet, **variables)
