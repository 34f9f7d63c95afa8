"""What users of a Hub do: run commands, make models, publish them."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub_server import Hub
from hub_user import MAKE, User

PUBLISH = """
from dataclasses import asdict
from mmgen.publishing.publication import About
asdict(mmgen.publish(source, to, about=About(**about), **settings))
"""

HEAR = """
hearing = warnings.catch_warnings(record=True)
heard = hearing.__enter__()
warnings.simplefilter("always")
"""

HEARD = """
from mmgen.errors import MmgenWarning
[str(warning.message) for warning in heard if issubclass(warning.category, MmgenWarning)]
"""

WRITES = ("POST /api/models/*", "POST /api/repos/*", "POST /*.git/*", "PUT *", "DELETE *")


@dataclass(frozen=True)
class Result:
    """What a command left: its exit code and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """What it wrote as JSON."""
        return json.loads(self.out)


def run(user: User, *arguments: object) -> Result:
    """Run the command line in a user's process."""
    return Result(**user.run("cli(*arguments)", arguments=[str(item) for item in arguments]))


def enter_folder(user: User, folder: Path, lock: str | None = None) -> Path:
    """Make a folder the user's working folder, with MMGEN_LOCK as given, or not set."""
    folder.mkdir(parents=True, exist_ok=True)
    code = "os.chdir(folder)\nos.environ.pop('MMGEN_LOCK', None)\nos.environ.update(more)"
    user.run(code, folder=str(folder), more={} if lock is None else {"MMGEN_LOCK": lock})
    return folder


def make(user: User, folder: Path, *, seed: int = 0, architecture: str = "tiny-net") -> Path:
    """Save a model with random weights."""
    user.run(MAKE, folder=str(folder), seed=seed, architecture=architecture)
    return folder


def publish(user: User, source: object, to: str, **settings: Any) -> dict[str, Any]:
    """Publish in Python; return the publication."""
    about = settings.pop("about", {})
    done: dict[str, Any] = user.run(
        PUBLISH, source=str(source), to=to, about=about, settings=settings
    )
    return done


@contextmanager
def hearing(user: User) -> Iterator[list[str]]:
    """Collect what a user is warned of by mmgen; the list is full at the end."""
    heard: list[str] = []
    user.run(HEAR)
    try:
        yield heard
        heard += user.run(HEARD)
    finally:
        user.run("hearing.__exit__(None, None, None)")


def changes(done: dict[str, Any]) -> dict[str, list[str]]:
    """Return the paths that a publication changed, by what became of them."""
    found: dict[str, list[str]] = {}
    for change in done["changes"]:
        found.setdefault(change["what"], []).append(change["path"])
    return found


def writes(hub: Hub, patterns: Sequence[str] = WRITES) -> int:
    """Return how many requests came that may change something."""
    return sum(hub.count(pattern) for pattern in patterns)


def num_commits(hub: Hub, repo: str, revision: str = "main") -> int:
    """Return how many commits a branch has."""
    repository = hub.repository(repo)
    return sum(1 for _ in repository.history(hub.head(repo, revision)))
