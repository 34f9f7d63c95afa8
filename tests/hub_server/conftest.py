"""One Hub and one client for all tests here; each makes repositories of its own."""

from collections.abc import Iterator

import pytest

from hub_server import ClientProcess, Hub, serve


@pytest.fixture(scope="package")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with serve(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


@pytest.fixture(scope="package")
def client(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClientProcess]:
    """The client of a user who may write."""
    home = tmp_path_factory.mktemp("home")
    with ClientProcess(hub, home, token=hub.token("write")) as client:
        yield client


@pytest.fixture(autouse=True)
def _no_faults_left(hub: Hub) -> Iterator[None]:
    hub.requests.clear()
    yield
    hub.faults.clear()
    errors, hub.errors[:] = [*hub.errors], []
    assert not errors
