"""A Hub with one who publishes, one who pulls, and a model to publish."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hub_commands import make
from hub_server import Hub, serve
from hub_user import HURRY, User, user


@pytest.fixture(scope="package")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with serve(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


@pytest.fixture(scope="package")
def publisher(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    """Somebody who may write."""
    with user(hub, tmp_path_factory.mktemp("home"), token=hub.token("write")) as client:
        client.run(HURRY)
        yield client


@pytest.fixture(scope="package")
def puller(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    """Somebody else: another cache, no token."""
    with user(hub, tmp_path_factory.mktemp("home")) as client:
        client.run(HURRY)
        yield client


@pytest.fixture(scope="package")
def model(publisher: User, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved model with random weights."""
    return make(publisher, tmp_path_factory.mktemp("models") / "first", seed=0)


@pytest.fixture(scope="package")
def other(publisher: User, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another one."""
    return make(publisher, tmp_path_factory.mktemp("models") / "second", seed=1)


@pytest.fixture
def repo(request: pytest.FixtureRequest) -> str:
    """The name of a repository of the test's own, which is not there yet."""
    return f"org/{request.node.name[5:75].strip('_').replace('[', '-').replace(']', '')}"


@pytest.fixture(autouse=True)
def _no_faults_left(hub: Hub) -> Iterator[None]:
    hub.requests.clear()
    yield
    hub.faults.clear()
    errors, hub.errors[:] = [*hub.errors], []
    assert not errors
