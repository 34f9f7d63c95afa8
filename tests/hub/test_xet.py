"""The same over Xet, and a Hub without it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hub_server import Answer, Hub, serve
from hub_user import HURRY, User, user

Files = dict[str, bytes]


@pytest.fixture(scope="module")
def xet_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with serve(tmp_path_factory.mktemp("xet"), xet=True) as hub:
        yield hub


@pytest.fixture(scope="module")
def xet_puller(xet_hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    with user(xet_hub, tmp_path_factory.mktemp("home"), xet=True) as client:
        client.run(HURRY)
        yield client


def test_a_model_comes_by_xet(
    xet_hub: Hub, xet_puller: User, puller: User, models: list[Files], tmp_path: Path
) -> None:
    xet_hub.create_repo("org/model")
    first, second = (xet_hub.commit("org/model", files) for files in models)
    loaded = xet_puller.load("org/model")
    assert loaded.revision == second
    assert xet_puller.cached("org/model", second) == models[1]
    assert xet_hub.count("GET /v1/reconstructions/*") == 1
    for path, content in models[1].items():
        (tmp_path / path).write_bytes(content)
    assert puller.load(str(tmp_path)).pictures == loaded.pictures
    assert xet_puller.load("org/model", revision=first).revision == first
    xet_hub.requests.clear()
    assert xet_puller.load("org/model", revision=second) == loaded
    assert xet_hub.requests == []


def test_what_repositories_share_is_fetched_again_when_it_is_damaged(
    xet_hub: Hub, xet_puller: User, models: list[Files]
) -> None:
    for name in ("org/one", "org/two"):
        xet_hub.create_repo(name)
        xet_hub.commit(name, models[0])
    first, second = xet_puller.load("org/one"), xet_puller.load("org/two")
    snapshot = xet_puller.folder("org/one") / "snapshots" / first.revision
    shared = (snapshot / "model.safetensors").resolve()
    sound = shared.read_bytes()
    for damage in (sound[:-1] + b"x", b"", sound[:100]):
        shared.chmod(0o644)
        shared.write_bytes(damage)
        (heard,) = xet_puller.load("org/one").heard
        assert "model.safetensors is damaged" in heard
        assert xet_puller.cached("org/one", first.revision) == models[0]
        assert xet_puller.load("org/one") == first
        assert xet_puller.load("org/two") == second
        assert xet_puller.cached("org/two", second.revision) == models[0]
        shared = (snapshot / "model.safetensors").resolve()


@pytest.mark.parametrize("pattern", ["GET */xet-read-token/*", "GET /v1/reconstructions/*"])
def test_where_xet_is_cut_off_it_is_said_how_to_do_without(
    xet_hub: Hub, xet_puller: User, models: list[Files], pattern: str
) -> None:
    name = f"org/cut-off-{len(xet_hub.repositories)}"
    xet_hub.create_repo(name)
    # Nothing of it may be here already: what came by Xet is shared.
    weights = models[0]["model.safetensors"][:-4] + name[-4:].encode()
    commit = xet_hub.commit(name, {**models[0], "model.safetensors": weights})
    xet_hub.fault(pattern, Answer(404), times=None)
    words = xet_puller.is_refused("HubError", "HF_HUB_DISABLE_XET=1", name)
    assert "404" in words
    xet_hub.faults.clear()
    assert xet_puller.load(name).revision == commit


def test_a_disk_that_is_full(xet_hub: Hub, xet_puller: User, models: list[Files]) -> None:
    xet_hub.create_repo("org/full")
    weights = models[0]["model.safetensors"][:-4] + b"full"
    commit = xet_hub.commit("org/full", {**models[0], "model.safetensors": weights})
    xet_puller.limit_files(1000)
    words = xet_puller.is_refused("OutputError", "cannot be kept in", "org/full")
    assert "File too large" in words
    xet_puller.limit_files(None)
    assert xet_puller.load("org/full").revision == commit


def test_a_client_with_xet_pulls_from_a_hub_without(
    xet_hub: Hub, xet_puller: User, models: list[Files]
) -> None:
    xet_hub.has_xet = False
    try:
        xet_hub.create_repo("org/without")
        commit = xet_hub.commit("org/without", models[0])
        xet_hub.requests.clear()
        assert xet_puller.load("org/without").revision == commit
    finally:
        xet_hub.has_xet = True
    assert xet_puller.cached("org/without", commit) == models[0]
    assert xet_hub.count("GET */xet-read-token/*") == 0
    assert xet_hub.count("GET /files/*") == 1
