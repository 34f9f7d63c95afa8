"""What breaks on the way is mended or said, and never stays in the cache."""

from pathlib import Path

import pytest
from hub_server import Answer, Drop, FlipByte, Hangup, Hub, LostAnswer, Truncate, WrongETag
from hub_server.faults import Effect
from hub_user import User

Files = dict[str, bytes]
WEIGHTS = "GET */model.safetensors"
HERE = ("config.json", "model.safetensors")


def is_sound(user: User, hub: Hub, repo: str) -> None:
    """Check that a user gets all of a model, that it is cached, and that nothing else is left."""
    commit = hub.head(repo)
    hub.faults.clear()
    loaded = user.load(repo)
    assert (loaded.revision, loaded.heard) == (commit, [])
    files = hub.files(repo)
    assert user.cached(repo, commit) == {path: files[path] for path in HERE}
    assert sorted(user.blobs(repo).values()) == sorted(files[path] for path in HERE)
    hub.requests.clear()
    assert user.load(repo, revision=commit) == loaded
    assert hub.requests == []


@pytest.mark.parametrize(
    ("pattern", "effect", "times"),
    [
        ("GET /api/models/*", Answer(503), 3),
        ("GET /api/models/*/tree/*", Answer(429, headers={"Retry-After": "0"}), 1),
        ("GET /api/models/*", Hangup(), 2),
        ("GET /api/models/*", LostAnswer(), 1),
        ("GET /api/models/*/tree/*", Drop(20), 1),
        ("HEAD *", Hangup(), 1),
        (WEIGHTS, Answer(503), 3),
        (WEIGHTS, Answer(429, headers={"Retry-After": "0"}), 1),
        (WEIGHTS, Hangup(), 1),
        (WEIGHTS, Drop(1000), 1),
        (WEIGHTS, Truncate(1000), 3),
        ("GET */config.json", Truncate(7), 3),
    ],
)
def test_passing_troubles_are_not_seen(
    hub: Hub, puller: User, repo: str, pattern: str, effect: Effect, times: int
) -> None:
    fault = hub.fault(pattern, effect, times=times)
    assert puller.load(repo).heard == []
    assert fault.struck == times
    is_sound(puller, hub, repo)


@pytest.mark.parametrize(
    ("pattern", "effect", "kind", "words"),
    [
        ("GET /api/models/*", Answer(503), "OfflineError", r"busy or down \(503\)"),
        ("GET /api/models/*", Hangup(), "OfflineError", "cannot be reached"),
        (WEIGHTS, Answer(502), "OfflineError", r"busy or down \(502\)"),
        (WEIGHTS, Truncate(1000), "HubError", "should be of size \\d+ but has size 1000"),
    ],
)
def test_lasting_troubles_are_said_and_the_next_call_recovers(
    hub: Hub, puller: User, repo: str, pattern: str, effect: Effect, kind: str, words: str
) -> None:
    fault = hub.fault(pattern, effect, times=None)
    puller.is_refused(kind, words, repo)
    assert fault.struck >= 4
    assert not puller.cached(repo, hub.head(repo)).keys() & {"model.safetensors"}
    is_sound(puller, hub, repo)


AT_ONCE = {"Retry-After": "0"}  # a second later, says the client


def test_what_the_client_tries_again_is_not_tried_again_around_it(
    hub: Hub, puller: User, repo: str
) -> None:
    pinned = hub.head(repo)
    for pattern, tries in (
        ("GET /api/models/*/tree/*", 6),
        ("HEAD *", 14),  # two files at once, each seven times
        ("GET */model.safetensors", 6),
    ):
        status = 429 if pattern.endswith("safetensors") else 503
        fault = hub.fault(pattern, Answer(status, headers=AT_ONCE), times=None)
        puller.is_refused("OfflineError", rf"busy or down \({status}\)", repo, revision=pinned)
        assert fault.struck == tries, pattern
        fault.lift()
    is_sound(puller, hub, repo)


def test_bursts_are_survived_wherever_they_come(hub: Hub, puller: User, repo: str) -> None:
    faults = [
        hub.fault("GET /api/models/*/revision/*", Answer(503), times=3),
        hub.fault("GET /api/models/*/tree/*", Answer(503, headers=AT_ONCE), times=3),
        hub.fault("HEAD *", Answer(503, headers=AT_ONCE), times=3),
        hub.fault(WEIGHTS, Answer(503), times=3),
    ]
    assert puller.load(repo, revision="main").heard == []
    assert [fault.struck for fault in faults] == [3, 3, 3, 3]
    is_sound(puller, hub, repo)


def test_what_the_hub_refuses_is_not_tried_again(hub: Hub, puller: User, repo: str) -> None:
    fault = hub.fault(WEIGHTS, Answer(418, "a teapot"), times=None)
    puller.is_refused("HubError", "418", repo)
    assert fault.struck == 1
    is_sound(puller, hub, repo)


@pytest.mark.parametrize("pattern", [WEIGHTS, "GET */config.json"])
def test_a_flipped_byte_is_found_and_fetched_again(
    hub: Hub, puller: User, repo: str, pattern: str
) -> None:
    flip = hub.fault(pattern, FlipByte())
    (heard,) = puller.load(repo).heard
    assert "is damaged; it is fetched again" in heard
    assert flip.struck == 1
    is_sound(puller, hub, repo)


@pytest.mark.parametrize("pattern", [WEIGHTS, "GET */config.json"])
def test_a_byte_flipped_twice_is_refused(hub: Hub, puller: User, repo: str, pattern: str) -> None:
    flip = hub.fault(pattern, FlipByte(), times=None)
    words = puller.is_refused("CorruptFileError", "came twice", repo)
    assert pattern.rpartition("/")[2] in words
    assert flip.struck == 2
    assert len(puller.blobs(repo)) == 1
    is_sound(puller, hub, repo)


def test_a_wrong_name_is_found_and_fetched_again(hub: Hub, puller: User, repo: str) -> None:
    wrong = hub.fault("HEAD */model.safetensors", WrongETag())
    (heard,) = puller.load(repo).heard
    assert "model.safetensors" in heard
    assert wrong.struck == 1
    is_sound(puller, hub, repo)


@pytest.mark.parametrize("path", HERE)
def test_a_name_wrong_twice_is_refused(hub: Hub, puller: User, repo: str, path: str) -> None:
    etag = "0" * (64 if path == "model.safetensors" else 40)
    hub.fault(f"HEAD *{path}", WrongETag(etag), times=None)
    words = puller.is_refused("CorruptFileError", "000000000000", repo)
    assert path in words
    assert etag not in puller.blobs(repo)
    is_sound(puller, hub, repo)


def test_the_name_of_an_older_file_does_not_bring_it_back(
    hub: Hub, puller: User, models: list[Files], repo: str
) -> None:
    first = puller.load(repo)
    hub.commit(repo, {"model.safetensors": models[1]["model.safetensors"]})
    old = first.sha256["model.safetensors"]
    hub.fault("HEAD */model.safetensors", WrongETag(old))
    second = puller.load(repo)
    assert second.sha256["model.safetensors"] != old
    assert second.heard
    hub.requests.clear()
    assert puller.load(repo, revision=first.revision) == first
    assert hub.requests == []


def test_a_cached_file_damaged_later_is_noticed_and_fetched_again(
    hub: Hub, puller: User, repo: str
) -> None:
    loaded = puller.load(repo)
    snapshot = puller.folder(repo) / "snapshots" / loaded.revision
    for damage in (b"", b"x" * 4000, b"x" * 5000):
        for path in HERE:
            blob = (snapshot / path).resolve()
            blob.write_bytes(damage)
            (heard,) = puller.load(repo, revision=loaded.revision).heard
            assert path in heard
            is_sound(puller, hub, repo)


def test_a_cached_file_deleted_later_comes_again(hub: Hub, puller: User, repo: str) -> None:
    loaded = puller.load(repo)
    snapshot: Path = puller.folder(repo) / "snapshots" / loaded.revision
    (snapshot / "config.json").resolve().unlink()
    (snapshot / "model.safetensors").unlink()
    assert puller.load(repo, revision=loaded.revision) == loaded
    is_sound(puller, hub, repo)


def test_a_damaged_list_of_files_is_asked_for_again(hub: Hub, puller: User, repo: str) -> None:
    loaded = puller.load(repo)
    kept = puller.home / "mmgen" / "trees" / repo.replace("/", "--") / f"{loaded.revision}.json"
    sound = kept.read_bytes()
    for damage in (b"", b"{", b"[1]", b"{}", b"[]", b"\xff", b"[" * 100_000, b'[{"path": 1}]'):
        kept.write_bytes(damage)
        assert puller.load(repo, revision=loaded.revision) == loaded, damage
        assert kept.read_bytes() == sound
