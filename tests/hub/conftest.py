"""A Hub with users of mmgen, and models for them."""

import re
from collections.abc import Iterator

import pytest
from hub_server import Hub, serve
from hub_user import HURRY, MAKE, User, user

Files = dict[str, bytes]


@pytest.fixture(scope="package")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with serve(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


@pytest.fixture(scope="package")
def puller(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    """A process without a token."""
    with user(hub, tmp_path_factory.mktemp("home")) as client:
        client.run(HURRY)
        yield client


@pytest.fixture(scope="package")
def models(puller: User, tmp_path_factory: pytest.TempPathFactory) -> list[Files]:
    """The files of two versions of a model."""
    found = []
    for seed in (0, 1):
        folder = tmp_path_factory.mktemp("models") / "model"
        puller.run(MAKE, seed=seed, architecture="tiny-net", folder=str(folder))
        found.append({path.name: path.read_bytes() for path in folder.iterdir()})
    return found


@pytest.fixture
def repo(hub: Hub, models: list[Files], request: pytest.FixtureRequest) -> str:
    """A public repository of the test's own, with a model."""
    word = re.sub(r"\W+", "-", request.node.name[5:50]).strip("-_")
    name = f"org/{word}-{len(hub.repositories)}"
    hub.create_repo(name)
    hub.commit(name, models[0])
    hub.requests.clear()
    return name


@pytest.fixture(autouse=True)
def _no_faults_left(hub: Hub) -> Iterator[None]:
    hub.requests.clear()
    yield
    hub.faults.clear()
    errors, hub.errors[:] = [*hub.errors], []
    assert not errors
