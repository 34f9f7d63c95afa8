"""What was fetched is listed and removed; what is pinned, or not ours, stays."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hub_commands import enter_folder, run
from hub_server import Hub
from hub_user import HURRY, User, user

Files = dict[str, bytes]


@pytest.fixture(scope="module")
def keeper(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    """Somebody with a cache that only the tests here fill."""
    with user(hub, tmp_path_factory.mktemp("home")) as client:
        client.run(HURRY)
        yield client


@pytest.fixture(autouse=True)
def _empty(keeper: User, tmp_path: Path) -> Iterator[None]:
    enter_folder(keeper, tmp_path / "work", lock="")
    yield
    shutil.rmtree(keeper.home / "hub", ignore_errors=True)
    shutil.rmtree(keeper.home / "mmgen", ignore_errors=True)


def in_cache(keeper: User) -> set[tuple[str, str]]:
    return {(m["repo"], m["commit"]) for m in run(keeper, "cache", "list", "--json").data}


def test_an_empty_cache(keeper: User) -> None:
    nothing = run(keeper, "cache", "list")
    assert (nothing.code, nothing.out) == (0, "")
    assert "no model was fetched yet" in nothing.err
    assert run(keeper, "cache", "list", "--json").data == []
    assert run(keeper, "cache", "prune").out == "freed 0 B\n"


def test_commits_are_listed(hub: Hub, keeper: User, models: list[Files], repo: str) -> None:
    first, second = hub.head(repo), hub.commit(repo, models[1])
    keeper.load(repo)
    keeper.load(repo, revision=first)
    found = {model["commit"]: model for model in run(keeper, "cache", "list", "--json").data}
    assert found.keys() == {first, second}
    assert found[second]["refs"] == ["main"]
    assert found[first]["refs"] == []
    assert found[first]["bytes"] == sum(map(len, models[0].values()))
    assert Path(found[first]["folder"]).is_dir()
    table = run(keeper, "cache", "list")
    assert first[:12] in table.out
    assert second[:12] in table.out


def test_one_commit_is_removed(hub: Hub, keeper: User, models: list[Files], repo: str) -> None:
    first, second = hub.head(repo), hub.commit(repo, models[1])
    keeper.load(repo)
    keeper.load(repo, revision=first)
    assert run(keeper, "cache", "remove", f"{repo}@{first[:10]}", "--yes").code == 0
    assert in_cache(keeper) == {(repo, second)}
    assert run(keeper, "verify", repo).code == 0  # what the two shared is still here
    hub.requests.clear()
    keeper.load(repo, revision=second)
    assert hub.requests == []
    assert run(keeper, "cache", "remove", f"{repo}@main", "--yes").code == 0
    assert in_cache(keeper) == set()
    assert not keeper.folder(repo).exists()


def test_nothing_is_removed_unasked(hub: Hub, keeper: User, repo: str) -> None:
    keeper.load(repo)
    code = """
sys.stdin, kept = io.StringIO(answer), sys.stdin
try:
    result = cli("cache", "remove", name)
finally:
    sys.stdin = kept
result
"""
    for answer in ("", "n\n"):
        asked = keeper.run(code, name=repo, answer=answer)
        assert asked["code"] == 130
        assert f"Remove {repo}@{hub.head(repo)[:12]}?" in asked["err"]
        assert in_cache(keeper) == {(repo, hub.head(repo))}
    assert keeper.run(code, name=repo, answer="y\n")["code"] == 0
    assert in_cache(keeper) == set()


def test_a_model_that_is_not_in_the_cache(keeper: User, repo: str) -> None:
    keeper.load(repo)
    for name in (f"{repo[:-1]}", f"{repo}@v9", "vae-mnist"):
        refused = run(keeper, "cache", "remove", name, "--yes")
        assert refused.code == 1
        assert f"{name!r} is not in the cache" in refused.err
    assert f"did you mean '{repo}'?" in run(keeper, "cache", "remove", repo[:-1], "--yes").err


def test_repositories_that_share_a_commit(
    hub: Hub, keeper: User, models: list[Files], repo: str
) -> None:
    keeper.load(repo)
    commit, copy = hub.head(repo), f"{repo}-copy"
    shutil.copytree(keeper.folder(repo), keeper.folder(copy), symlinks=True)
    assert in_cache(keeper) == {(repo, commit), (copy, commit)}
    run(keeper, "cache", "remove", repo, "--yes")
    assert in_cache(keeper) == {(copy, commit)}
    assert set(keeper.cached(copy, commit)) == set(models[0])


def test_pruning_keeps_what_is_named(
    hub: Hub, keeper: User, models: list[Files], repo: str, tmp_path: Path
) -> None:
    pinned = hub.head(repo)
    project = enter_folder(keeper, tmp_path / "project")
    assert run(keeper, "lock", repo).out == f"{project / 'mmgen.lock'}\n"
    enter_folder(keeper, tmp_path / "elsewhere", lock="")
    old = hub.commit(repo, models[1])
    keeper.load(repo)
    tagged = hub.commit(repo, {"notes.txt": b"1"})
    hub.tag(repo, "v1")
    keeper.load(f"{repo}@v1")
    newest = hub.commit(repo, {"notes.txt": b"2"})
    keeper.load(repo)
    assert len(in_cache(keeper)) == 4

    enter_folder(keeper, project)
    (locked,) = [m for m in run(keeper, "cache", "list", "--json").data if m["pinned"]]
    assert (locked["commit"], locked["pinned"]) == (pinned, [repo])
    assert run(keeper, "cache", "prune", "--yes").code == 0
    assert in_cache(keeper) == {(repo, pinned), (repo, tagged), (repo, newest)}
    assert old not in {commit for _, commit in in_cache(keeper)}
    assert run(keeper, "verify", "--lock").code == 0


def test_what_is_not_ours_stays(hub: Hub, keeper: User, models: list[Files], repo: str) -> None:
    hub.create_repo("org/foreign")
    hub.commit("org/foreign", {"config.json": '{"model_type": "bert"}', "w.safetensors": b"1"})
    commit = hub.head("org/foreign")
    keeper.run("snapshot_download('org/foreign', revision=commit)", commit=commit)
    keeper.is_refused("ModelFileError", "", "org/foreign")
    first = hub.head(repo)
    hub.commit(repo, models[1])
    keeper.load(repo, revision=first)
    foreign = keeper.folder("org/foreign") / "blobs" / "x.incomplete"
    ours = keeper.folder(repo) / "blobs" / "x.incomplete"
    fresh = keeper.folder(repo) / "blobs" / "y.incomplete"
    for path in (foreign, ours, fresh):
        path.write_bytes(b"half")
    long_ago = time.time() - 86_400
    os.utime(ours, (long_ago, long_ago))
    os.utime(foreign, (long_ago, long_ago))

    assert in_cache(keeper) == {(repo, first)}
    code = "from mmgen.hub.cache import remove_partial\nremove_partial()"
    assert keeper.run(code) == 4
    assert (foreign.exists(), ours.exists(), fresh.exists()) == (True, False, True)
    assert run(keeper, "cache", "prune", "--yes").code == 0
    assert in_cache(keeper) == set()
    assert keeper.cached("org/foreign", commit)


def test_a_model_whose_config_is_damaged_is_seen(hub: Hub, keeper: User, repo: str) -> None:
    keeper.load(repo)
    config = keeper.folder(repo) / "snapshots" / hub.head(repo) / "config.json"
    config.write_text("{")
    assert in_cache(keeper) == {(repo, hub.head(repo))}
    assert run(keeper, "verify").code == 1


def spoil_config(content: bytes) -> Callable[[Path, str], None]:
    def spoil(repository: Path, commit: str) -> None:
        (repository / "snapshots" / commit / "config.json").resolve().write_bytes(content)

    return spoil


def lose_blob(repository: Path, commit: str) -> None:
    (repository / "snapshots" / commit / "model.safetensors").resolve().unlink()


def lose_all_blobs(repository: Path, commit: str) -> None:
    shutil.rmtree(repository / "blobs")


def empty_snapshot(repository: Path, commit: str) -> None:
    for path in (repository / "snapshots" / commit).iterdir():
        path.unlink()


def make_a_loop(repository: Path, commit: str) -> None:
    config = repository / "snapshots" / commit / "config.json"
    config.unlink()
    config.symlink_to("config.json")


def make_a_folder(repository: Path, commit: str) -> None:
    weights = repository / "snapshots" / commit / "model.safetensors"
    weights.unlink()
    weights.mkdir()


DAMAGES: dict[str, Callable[[Path, str], None]] = {
    "a config that is cut off": spoil_config(b'{"format": 1, '),
    "a config that is none": spoil_config(b"<html>"),
    "a config that is not UTF-8": spoil_config(b'{"format": "\xff"}'),
    "a config that is nested without end": spoil_config(b"[" * 100_000),
    "an empty config": spoil_config(b""),
    "a missing blob": lose_blob,
    "no blob at all": lose_all_blobs,
    "an empty snapshot": empty_snapshot,
    "a link to itself": make_a_loop,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_is_listed_said_and_removed(
    hub: Hub, keeper: User, repo: str, damage: str
) -> None:
    keeper.load(repo)
    commit = hub.head(repo)
    DAMAGES[damage](keeper.folder(repo), commit)
    hub.requests.clear()
    assert in_cache(keeper) == {(repo, commit)}
    assert commit[:12] in run(keeper, "cache", "list").out
    for names in ([], [repo], [f"{repo}@{commit}"]):
        checked = run(keeper, "verify", *names, "--json")
        assert (checked.code, checked.err) == (1, "")
        (trouble,) = [check["trouble"] for check in checked.data if check["trouble"]]
        assert "is damaged" in trouble or "is not here" in trouble
    assert hub.requests == []
    assert keeper.load(repo).revision == commit  # what is damaged comes again
    assert run(keeper, "verify", repo).code == 0
    DAMAGES[damage](keeper.folder(repo), commit)
    removed = run(keeper, "cache", "remove", repo, "--yes")
    assert (removed.code, removed.err) == (0, "")
    assert in_cache(keeper) == set()
    assert not keeper.folder(repo).exists()


def test_a_folder_in_place_of_a_file(hub: Hub, keeper: User, repo: str) -> None:
    keeper.load(repo)
    make_a_folder(keeper.folder(repo), hub.head(repo))
    (check,) = run(keeper, "verify", repo, "--json").data
    assert check["trouble"] == "model.safetensors is not here"
    keeper.is_refused("ModelFileError", f"is no file; run mmgen cache remove {repo}", repo)
    assert run(keeper, "cache", "remove", repo, "--yes").code == 0
    assert keeper.load(repo).heard == []


def test_branches_that_lead_nowhere(hub: Hub, keeper: User, models: list[Files], repo: str) -> None:
    keeper.load(repo)
    commit, refs = hub.head(repo), keeper.folder(repo) / "refs"
    (refs / "gone").write_text("f" * 40)
    (refs / "odd").write_bytes(b"\xff\xfe")
    (refs / "empty").write_text("")
    (refs / "dangling").symlink_to("nowhere")
    (keeper.folder(repo) / "snapshots" / "stray.txt").write_text("?")
    (found,) = run(keeper, "cache", "list", "--json").data
    assert (found["commit"], found["refs"]) == (commit, ["main"])
    assert run(keeper, "verify", repo).code == 0
    assert run(keeper, "cache", "prune", "--yes").out == "freed 0 B\n"
    assert run(keeper, "cache", "remove", repo, "--yes").code == 0
    assert not keeper.folder(repo).exists()


def test_a_commit_that_was_never_fetched_hides_no_other(
    hub: Hub, keeper: User, models: list[Files], repo: str
) -> None:
    keeper.load(repo)
    first = hub.head(repo)
    hub.commit(repo, {"../evil.json": "{}"})
    keeper.is_refused("ModelFileError", "leads out of its folder", repo)
    assert in_cache(keeper) == {(repo, first)}


def test_a_cache_that_is_a_file(keeper: User) -> None:
    keeper.home.joinpath("hub").write_text("?")
    try:
        assert run(keeper, "cache", "list", "--json").data == []
        assert run(keeper, "cache", "prune", "--yes").out == "freed 0 B\n"
        assert run(keeper, "verify", "org/name").code == 1
    finally:
        keeper.home.joinpath("hub").unlink()
