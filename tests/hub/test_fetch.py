"""What is asked for comes, whole, from one commit, and with no more requests than needed."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hub_server import Delay, Hub, Run
from hub_user import User, user

from mmgen.catalogue_index import write_toml

Files = dict[str, bytes]

ENTRY: dict[str, Any] = {
    "kind": "generator",
    "family": "tiny",
    "architecture": "tiny-net",
    "summary": "a model on the Hub",
    "tasks": ["unconditional-image-generation"],
    "parameters": 880,
    "bytes": 4296,
    "data": "",
    "licence": {},
}

INSTALL = """
from types import ModuleType
from mmgen import hookimpl
module = ModuleType("on_the_hub")
module.MMGEN_API = 1
module.mmgen_models = hookimpl(specname="mmgen_models")(lambda: path)
brought = temporary_plugin(module, "on-the-hub")
None if brought.__enter__() else None
"""


@pytest.fixture(scope="module")
def twin(hub: Hub, puller: User) -> Iterator[User]:
    """Another process with the puller's cache."""
    with user(hub, puller.home) as client:
        yield client


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def hashes(files: Files) -> dict[str, str]:
    return {path: sha256(content) for path, content in files.items()}


def test_a_model_comes_by_name_branch_tag_and_commit(
    hub: Hub, puller: User, models: list[Files], repo: str
) -> None:
    first = hub.head(repo)
    hub.tag(repo, "v1")
    second = hub.commit(repo, models[1])
    hub.branch(repo, "next/try")
    for name, more, commit in (
        (repo, {}, second),
        (f"{repo}@v1", {}, first),
        (f"{repo}@{first}", {}, first),
        (f"{repo}@main", {}, second),
        (f"{repo}@next/try", {}, second),
        (repo, {"revision": "v1"}, first),
        (repo, {"revision": first}, first),
        (repo, {"revision": second}, second),
    ):
        loaded = puller.load(name, **more)
        assert (loaded.revision, loaded.source) == (commit, "hub")
        assert loaded.sha256 == hashes(models[0] if commit == first else models[1])
        assert loaded.heard == []


def test_what_arrives_gives_the_pictures_of_what_was_sent(
    hub: Hub, puller: User, twin: User, tmp_path: Path, models: list[Files]
) -> None:
    folders = []
    for number, files in enumerate(models):
        folders.append(tmp_path / f"{number}")
        folders[-1].mkdir()
        for path, content in files.items():
            (folders[-1] / path).write_bytes(content)
    sent = [twin.load(str(folder)).pictures for folder in folders]
    assert sent[0] != sent[1]
    hub.create_repo("org/pictures")
    commits = [hub.commit("org/pictures", files) for files in models]
    assert [puller.load("org/pictures", revision=c).pictures for c in commits] == sent


def test_a_second_version_leaves_the_first(
    hub: Hub, puller: User, models: list[Files], repo: str
) -> None:
    before = puller.load(repo)
    second = hub.commit(repo, models[1])
    assert puller.load(repo).revision == second
    hub.requests.clear()
    assert puller.load(repo, revision=before.revision) == before
    assert hub.requests == []


def test_pinned_and_cached_costs_nothing_and_unpinned_one_request(
    hub: Hub, puller: User, repo: str
) -> None:
    puller.load(repo)
    hub.requests.clear()
    puller.load(repo)
    assert hub.requests == [f"GET /api/models/{repo}"]
    hub.requests.clear()
    puller.load(repo, revision=hub.head(repo))
    assert hub.requests == []


def test_a_model_of_the_bare_client_is_not_fetched_again(hub: Hub, puller: User, repo: str) -> None:
    puller.run("snapshot_download(name)", name=repo)
    hub.requests.clear()
    puller.load(repo, revision=hub.head(repo))
    assert hub.requests == [f"GET /api/models/{repo}/tree/{hub.head(repo)}"]


def test_only_json_text_and_safetensors_come(
    hub: Hub, puller: User, models: list[Files], repo: str
) -> None:
    more: Files = {
        "README.md": b"# words",
        "samples.png": b"\x89PNG",
        "pytorch_model.bin": b"\x80\x02.",
        "modeling.py": b"raise SystemExit",
        "vocabulary.txt": b"a",
        "notes [1].json": b"{}",
    }
    commit = hub.commit(repo, more)
    puller.load(repo)
    assert set(puller.cached(repo, commit)) == {*models[0], "vocabulary.txt", "notes [1].json"}


def test_a_commit_in_between_does_not_mix_two_versions(
    hub: Hub, puller: User, models: list[Files], repo: str
) -> None:
    first = hub.head(repo)
    between = hub.fault("HEAD */config.json", Run(lambda: hub.commit(repo, models[1])), times=1)
    at_once = hub.fault(f"GET /api/models/{repo}/tree/*", Run(lambda: hub.tag(repo, "v1")))
    loaded = puller.load(repo)
    assert (between.struck, at_once.struck) == (1, 1)
    assert hub.head(repo) != first
    assert (loaded.revision, loaded.sha256) == (first, hashes(models[0]))


def test_two_processes_that_pull_at_once_both_have_it(
    hub: Hub, puller: User, twin: User, repo: str
) -> None:
    slow = hub.fault("GET */model.safetensors", Delay(0.3), times=None)
    with ThreadPoolExecutor(2) as threads:
        loads = [threads.submit(one.load, repo) for one in (puller, twin)]
        first, second = (load.result() for load in loads)
    assert first == second
    assert slow.struck >= 1
    assert set(puller.cached(repo, hub.head(repo))) == {"config.json", "model.safetensors"}
    assert not [name for name in puller.blobs(repo) if name.endswith(".incomplete")]


def test_two_processes_that_mend_at_once_do_not_hinder_each_other(
    hub: Hub, puller: User, twin: User, repo: str
) -> None:
    loaded = puller.load(repo)
    snapshot = puller.folder(repo) / "snapshots" / loaded.revision
    with ThreadPoolExecutor(2) as threads:
        for size in range(6):
            for path in ("config.json", "model.safetensors"):
                (snapshot / path).resolve().write_bytes(b"x" * size)
            for load in [threads.submit(one.load, repo) for one in (puller, twin)]:
                assert load.result().pictures == loaded.pictures
    assert puller.load(repo) == loaded


def entry(name: str, repo: str, commit: str, files: Files) -> dict[str, Any]:
    listed = [
        {"path": path, "sha256": sha256(content), "bytes": len(content)}
        for path, content in files.items()
    ]
    return {**ENTRY, "name": name, "repo": repo, "revision": commit, "files": listed}


def test_a_catalogue_entry_whose_weights_are_on_the_hub(
    hub: Hub, puller: User, models: list[Files], repo: str, tmp_path: Path
) -> None:
    commit = hub.head(repo)
    hub.commit(repo, models[1])
    stated = entry("tiny-on-hub", repo, commit, models[0])
    changed = entry("tiny-changed", repo, commit, {**models[0], "model.safetensors": b"x" * 4000})
    lost = entry("tiny-lost", repo, commit, {**models[0], "more.json": b"{}"})
    gone = entry("tiny-gone", repo, "f" * 40, models[0])
    registry = tmp_path / "registry.toml"
    table = {"schema": 1, "plugin": "mmgen-plugin-on-the-hub"}
    registry.write_text(write_toml(table | {"models": [stated, changed, lost, gone]}))
    puller.run(INSTALL, path=str(registry))

    loaded = puller.load("tiny-on-hub")
    assert (loaded.revision, loaded.sha256) == (commit, hashes(models[0]))
    assert hub.count(f"GET /api/models/{repo}") == 0
    hub.requests.clear()
    assert puller.load("tiny-on-hub") == loaded
    assert hub.requests == []

    words = puller.is_refused("CorruptFileError", "came twice", "tiny-changed")
    assert "model.safetensors" in words
    puller.is_refused("ModelFileError", "has no file 'more.json'", "tiny-lost")
    puller.is_refused("RevisionNotFoundError", "no revision 'ffff", "tiny-gone")
    assert puller.load("tiny-on-hub") == loaded
