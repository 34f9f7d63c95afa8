"""A Hub with a client that has mmgen and the tiny family."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hub_server import ClientProcess, Hub, serve

SET_UP = """
import io, contextlib, mmgen
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
"""

MAKE = """
from mmgen.pretrained import build
import torch
torch.manual_seed(seed)
str(build(architecture, {}).save(folder))
"""


@pytest.fixture(scope="package")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with serve(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


@pytest.fixture(scope="package")
def publisher(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClientProcess]:
    """A process that may write."""
    with user(hub, tmp_path_factory.mktemp("home"), token=hub.token("write")) as client:
        yield client


@pytest.fixture(scope="package")
def puller(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClientProcess]:
    """A process of somebody else: another cache, no token."""
    with user(hub, tmp_path_factory.mktemp("home")) as client:
        yield client


def user(
    hub: Hub | str, home: Path, *, token: str | None = None, xet: bool = False, **variables: str
) -> ClientProcess:
    """Return a process with mmgen, the tiny family, and a cache of its own."""
    client = ClientProcess(hub, home, token=token, xet=xet, **variables)
    client.run(SET_UP)
    return client


@pytest.fixture(autouse=True)
def _no_faults_left(hub: Hub) -> Iterator[None]:
    hub.requests.clear()
    yield
    hub.faults.clear()
    errors, hub.errors[:] = [*hub.errors], []
    assert not errors
