"""The same over Xet, and a Hub without it."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hub_server import Answer, FlipByte, Hub, serve
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


@pytest.fixture(autouse=True)
def _no_faults_of_xet_left(xet_hub: Hub) -> Iterator[None]:
    yield
    xet_hub.faults.clear()


@pytest.mark.parametrize("pattern", ["GET */xet-read-token/*", "GET /v1/reconstructions/*"])
def test_where_xet_is_cut_off_it_is_said_how_to_do_without(
    xet_hub: Hub, xet_puller: User, models: list[Files], pattern: str
) -> None:
    name = f"org/cut-off-{len(xet_hub.repositories):04d}"
    commit = of_its_own(xet_hub, models, name)
    xet_hub.fault(pattern, Answer(404), times=None)
    words = xet_puller.is_refused("HubError", "HF_HUB_DISABLE_XET=1", name)
    assert "404" in words
    xet_hub.faults.clear()
    assert xet_puller.load(name).revision == commit


def of_its_own(xet_hub: Hub, models: list[Files], name: str) -> str:
    """Make a repository whose weights nobody has yet: what came by Xet is shared."""
    xet_hub.create_repo(name)
    weights = models[0]["model.safetensors"][:-4] + name[-4:].encode()
    return xet_hub.commit(name, {**models[0], "model.safetensors": weights})


XORBS = "GET /xorbs/*"


def test_a_flipped_byte_that_xet_notices_comes_again(
    xet_hub: Hub, xet_puller: User, models: list[Files]
) -> None:
    commit = of_its_own(xet_hub, models, "org/flip")
    flip = xet_hub.fault(XORBS, FlipByte(0))
    loaded = xet_puller.load("org/flip")
    assert (loaded.revision, loaded.heard, flip.struck) == (commit, [], 1)


def test_a_flipped_byte_that_xet_does_not_notice_is_found_and_fetched_again(
    xet_hub: Hub, xet_puller: User, models: list[Files]
) -> None:
    commit = of_its_own(xet_hub, models, "org/late")
    flip = xet_hub.fault(XORBS, FlipByte())
    loaded = xet_puller.load("org/late")
    assert (loaded.revision, flip.struck) == (commit, 1)
    assert "model.safetensors is damaged; it is fetched again" in loaded.heard[0]
    of_its_own(xet_hub, models, "org/twic")
    xet_hub.fault(XORBS, FlipByte(), times=None)
    xet_puller.is_refused("CorruptFileError", "came twice", "org/twic")


def test_a_byte_flipped_again_and_again_ends_in_words_within_half_a_minute(
    xet_hub: Hub, xet_puller: User, models: list[Files]
) -> None:
    commit = of_its_own(xet_hub, models, "org/ever")
    flip = xet_hub.fault(XORBS, FlipByte(0), times=None)
    start = time.monotonic()
    xet_puller.is_refused("HubError", "Xet storage .* failed .*HF_HUB_DISABLE_XET=1", "org/ever")
    assert flip.struck == 6
    assert time.monotonic() - start < 30
    flip.lift()
    assert xet_puller.load("org/ever").revision == commit


def test_how_long_xet_tries_is_the_users_own_where_they_say_it(
    xet_hub: Hub, xet_puller: User, models: list[Files], tmp_path: Path
) -> None:
    asked = "os.environ['HF_XET_CLIENT_RETRY_BASE_DELAY']"
    assert xet_puller.run(asked) == "1500ms"
    of_its_own(xet_hub, models, "org/mine")
    xet_hub.fault(XORBS, Answer(503), times=None)
    with user(xet_hub, tmp_path, xet=True, HF_XET_CLIENT_RETRY_BASE_DELAY="100ms") as client:
        start = time.monotonic()
        client.is_refused("HubError", "Xet storage .* failed", "org/mine")
        assert time.monotonic() - start < 5
        assert client.run(asked) == "100ms"


def test_a_disk_that_is_full(xet_hub: Hub, xet_puller: User, models: list[Files]) -> None:
    commit = of_its_own(xet_hub, models, "org/full")
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
