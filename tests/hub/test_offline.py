"""Without the Hub, or without room: what is here is used, and the rest is said."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hub_server import Answer, Hub, serve
from hub_user import HURRY, User, user

Files = dict[str, bytes]


@pytest.fixture(scope="module")
def offline(hub: Hub, puller: User) -> Iterator[User]:
    """A process with the puller's cache that may not use the network."""
    with user(hub, puller.home, HF_HUB_OFFLINE="1") as client:
        yield client


def test_offline_with_a_cache(hub: Hub, puller: User, offline: User, repo: str) -> None:
    hub.tag(repo, "v1")
    loaded = puller.load(repo)
    puller.load(repo, revision="v1")
    hub.requests.clear()
    for name in (repo, f"{repo}@main", f"{repo}@v1", f"{repo}@{loaded.revision}"):
        assert offline.load(name) == loaded
    words = offline.is_refused("OfflineError", "HF_HUB_OFFLINE=1 forbids", f"{repo}@v2")
    assert "not in the cache" in words
    assert hub.requests == []


def test_offline_without_a_cache(hub: Hub, offline: User, repo: str) -> None:
    for name in (repo, f"{repo}@v1", f"{repo}@{hub.head(repo)}"):
        words = offline.is_refused("OfflineError", "HF_HUB_OFFLINE=1 forbids", name)
        assert f"mmgen download {repo}" in words
    assert hub.requests == []


def test_offline_with_half_a_cache(hub: Hub, puller: User, offline: User, repo: str) -> None:
    loaded = puller.load(repo)
    blob = puller.folder(repo) / "snapshots" / loaded.revision / "model.safetensors"
    content = blob.read_bytes()
    blob.resolve().write_bytes(content[:-1] + b"x")
    offline.is_refused("OfflineError", "HF_HUB_OFFLINE=1 forbids", repo)
    assert puller.load(repo) == loaded
    blob.resolve().unlink()
    offline.is_refused("OfflineError", "HF_HUB_OFFLINE=1 forbids", repo)
    assert puller.load(repo) == loaded
    assert offline.load(repo) == loaded


def test_offline_with_what_the_bare_client_fetched(
    hub: Hub, puller: User, offline: User, repo: str
) -> None:
    puller.run("snapshot_download(name)", name=repo)
    hub.requests.clear()
    loaded = offline.load(repo)
    assert hub.requests == []
    snapshot = puller.folder(repo) / "snapshots" / loaded.revision
    for path in ("config.json", "model.safetensors"):
        content = (snapshot / path).read_bytes()
        (snapshot / path).resolve().write_bytes(content[::-1])
        offline.is_refused("OfflineError", "HF_HUB_OFFLINE=1 forbids", repo)
        assert puller.load(repo) == loaded
    assert offline.load(repo) == loaded


def test_offline_with_half_of_what_the_bare_client_fetched(
    hub: Hub, puller: User, offline: User, repo: str
) -> None:
    puller.run("hf_hub_download(name, 'config.json')", name=repo)
    offline.is_refused("OfflineError", "HF_HUB_OFFLINE=1 forbids", repo)


def test_a_hub_that_is_down(tmp_path: Path, models: list[Files]) -> None:
    with serve(tmp_path / "hub") as hub:
        for name in ("org/here", "org/not-here"):
            hub.create_repo(name)
            hub.commit(name, models[0])
        hub.tag("org/here", "v1")
        client = user(hub, tmp_path / "home")
        client.run(HURRY)
        loaded = client.load("org/here")
    with client:
        for name in ("org/here", "org/here@main", f"org/here@{loaded.revision}"):
            assert client.load(name) == loaded
        for name in ("org/here@v1", "org/not-here"):
            words = client.is_refused("OfflineError", "the Hub cannot be reached", name)
            assert "check the network, HF_ENDPOINT and proxies" in words


def test_a_hub_that_is_busy_gives_what_it_was_last(hub: Hub, puller: User, repo: str) -> None:
    loaded = puller.load(repo)
    hub.fault("*", Answer(503), times=None)
    assert puller.load(repo) == loaded


def test_a_cache_that_is_a_file(hub: Hub, puller: User, repo: str) -> None:
    puller.folder(repo).write_bytes(b"in the way")
    words = puller.is_refused("OutputError", "cannot be kept in", repo)
    assert str(puller.home) in words
    puller.folder(repo).unlink()
    assert puller.load(repo).revision == hub.head(repo)


UNPRIVILEGED = """
if os.geteuid() == 0:
    os.seteuid(65534)
try:
    done = load(name)
finally:
    if os.getuid() == 0:
        os.seteuid(0)
done
"""


def test_a_cache_that_is_read_only(hub: Hub, models: list[Files], repo: str) -> None:
    hub.create_repo("org/not-here")
    hub.commit("org/not-here", models[0])
    with tempfile.TemporaryDirectory() as folder, user(hub, Path(folder)) as client:
        loaded = client.load(repo)
        folders = [Path(folder), *(path for path in Path(folder).rglob("*") if path.is_dir())]
        for path in folders:
            path.chmod(0o555)
        try:
            again = client.run(UNPRIVILEGED, name=repo)
            assert again["pictures"] == loaded.pictures
            client.run(UNPRIVILEGED.replace("load(name)", "None"))
            with pytest.raises(Exception, match=r"cannot be kept in .*Permission denied") as error:
                client.run(UNPRIVILEGED, name="org/not-here")
            assert "OutputError" in str(error.value)
        finally:
            for path in folders:
                path.chmod(0o755)
        assert client.load("org/not-here").revision == hub.head("org/not-here")


def test_a_disk_that_is_full(hub: Hub, puller: User, models: list[Files], repo: str) -> None:
    """A limit on the size of files stands for it: writes fail in the same place."""
    for size in (0, 100, 1000):
        puller.limit_files(size)
        words = puller.is_refused("OutputError", "cannot be kept in", repo)
        assert "File too large" in words
        puller.limit_files(None)
        assert not [name for name in puller.blobs(repo) if name.endswith(".incomplete")]
        assert "model.safetensors" not in puller.cached(repo, hub.head(repo))
    assert puller.load(repo).revision == hub.head(repo)
    assert puller.cached(repo, hub.head(repo)) == models[0]
