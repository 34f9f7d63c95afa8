"""A project's models are pinned, fetched as pinned, and checked."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hub_commands import enter_folder, run
from hub_server import Hub
from hub_user import User

from mmgen.hub.lock import LockedModel, read_lock

Files = dict[str, bytes]


@pytest.fixture(autouse=True)
def project(puller: User, tmp_path: Path) -> Iterator[Path]:
    """A project's folder, in which the user works, and no lock yet."""
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    yield enter_folder(puller, folder)
    enter_folder(puller, tmp_path, lock="")


def locked(folder: Path, name: str) -> LockedModel:
    model = read_lock(folder / "mmgen.lock").find(name)
    assert model is not None
    return model


def forget(user: User, repo: str) -> None:
    """Empty the cache of a repository and of what is known of it."""
    shutil.rmtree(user.folder(repo), ignore_errors=True)
    shutil.rmtree(user.home / "mmgen" / "trees" / repo.replace("/", "--"), ignore_errors=True)


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.resolve().write_bytes(content)


def test_what_is_pinned_is_loaded(
    hub: Hub, puller: User, models: list[Files], repo: str, project: Path
) -> None:
    first = hub.head(repo)
    assert run(puller, "lock", repo).out == f"{project / 'mmgen.lock'}\n"
    found = locked(project, repo)
    assert (found.source, found.repo, found.revision, found.asked) == ("hub", repo, first, "")
    assert {file.path: file.bytes for file in found.files} == {
        path: len(content) for path, content in models[0].items()
    }
    second = hub.commit(repo, models[1])
    hub.requests.clear()
    assert puller.load(repo).revision == first
    assert hub.requests == []
    assert puller.load(repo, revision=first).revision == first
    for revision in (second, "main", "v1"):
        puller.is_refused("LockError", "pins .* at .* the call asks for", repo, revision=revision)
    assert run(puller, "lock", repo).code == 0
    assert locked(project, repo).revision == second
    assert puller.load(repo).revision == second


def test_a_tag_is_pinned_by_its_commit(
    hub: Hub, puller: User, models: list[Files], repo: str, project: Path
) -> None:
    first = hub.head(repo)
    hub.tag(repo, "v1")
    run(puller, "lock", f"{repo}@v1")
    assert (locked(project, repo).revision, locked(project, repo).asked) == (first, "v1")
    hub.tag(repo, "v1", hub.commit(repo, models[1]))  # moved
    assert puller.load(f"{repo}@v1").revision == first
    assert puller.load(repo).revision == first
    run(puller, "lock", f"{repo}@{first}")
    assert locked(project, repo).asked == ""


def test_the_lock_of_a_parent_folder_is_obeyed_and_written(
    hub: Hub, puller: User, models: list[Files], repo: str, project: Path
) -> None:
    run(puller, "lock", repo)
    enter_folder(puller, project / "deep" / "er")
    hub.commit(repo, models[1])
    assert puller.load(repo).revision == locked(project, repo).revision != hub.head(repo)
    assert run(puller, "lock", "vae-mnist").out == f"{project / 'mmgen.lock'}\n"
    assert [m.name for m in read_lock(project / "mmgen.lock").models] == [repo, "vae-mnist"]


def test_a_lock_that_is_named_and_one_that_is_switched_off(
    hub: Hub, puller: User, models: list[Files], repo: str, project: Path, tmp_path: Path
) -> None:
    first = hub.head(repo)
    output = tmp_path / "deploy.lock"
    assert run(puller, "lock", repo, "-o", output).out == f"{output}\n"
    assert not (project / "mmgen.lock").exists()
    second = hub.commit(repo, models[1])
    run(puller, "lock", repo)
    enter_folder(puller, project, lock=str(output))
    assert puller.load(repo).revision == first
    enter_folder(puller, project, lock="")
    hub.commit(repo, {"notes.txt": "more"})
    assert puller.load(repo).revision == hub.head(repo) != second
    enter_folder(puller, project, lock=str(tmp_path / "nowhere.lock"))
    puller.is_refused("LockError", "MMGEN_LOCK names", repo)
    for command in (["sync"], ["verify", "--lock"], ["lock", repo]):
        assert "MMGEN_LOCK names" in run(puller, *command).err


def test_pins_are_removed(hub: Hub, puller: User, repo: str, project: Path) -> None:
    none = run(puller, "lock", repo, "--remove")
    assert none.code == 1
    assert "there is no" in none.err
    run(puller, "lock", repo, "vae-mnist")
    assert run(puller, "lock", "--remove", repo).code == 0
    assert [m.name for m in read_lock(project / "mmgen.lock").models] == ["vae-mnist"]
    before = (project / "mmgen.lock").read_text()
    again = run(puller, "lock", "--remove", repo, "vae-mnist")
    assert again.code == 1
    assert f"does not pin '{repo}'" in again.err
    assert (project / "mmgen.lock").read_text() == before


def test_what_cannot_be_pinned(
    hub: Hub, puller: User, models: list[Files], repo: str, project: Path
) -> None:
    for path, content in models[0].items():
        (project / "model").mkdir(exist_ok=True)
        (project / "model" / path).write_bytes(content)
    first, second = hub.head(repo), hub.commit(repo, models[1])
    for names, words in (
        (["./model"], "is a folder; only models of the zoo and the Hub are pinned"),
        (["vae-mnits"], "did you mean 'vae-mnist'?"),
        ([repo, "org/nowhere"], "there is no repository 'org/nowhere'"),
        ([f"{repo}@{first}", f"{repo}@{second}"], "asked for at two revisions"),
    ):
        refused = run(puller, "lock", *names)
        assert refused.code == 1
        assert words in refused.err
        assert not (project / "mmgen.lock").exists()


def test_bundled_weights_are_pinned_by_version_and_hash(puller: User, project: Path) -> None:
    run(puller, "lock", "vae-mnist")
    found = locked(project, "vae-mnist")
    assert (found.source, found.plugin, found.repo) == ("package", "mmgen-plugin-vae", "")
    assert found.revision
    assert puller.load("vae-mnist").sha256 == {file.path: file.sha256 for file in found.files}
    assert run(puller, "sync").out.startswith("vae-mnist\t")
    assert run(puller, "verify", "--lock").code == 0

    path = project / "mmgen.lock"
    other = found.files[-1].sha256
    path.write_text(path.read_text().replace(other, "0" * 64).replace(found.revision, "0.0.9"))
    words = puller.is_refused("LockError", "installed is .* with other weights", "vae-mnist")
    assert "pip install 'mmgen-plugin-vae==0.0.9'" in words
    assert "mmgen lock vae-mnist" in words
    assert run(puller, "sync").code == 1
    (check,) = run(puller, "verify", "--lock", "--json").data
    assert "other weights" in check["trouble"]
    run(puller, "lock", "vae-mnist")
    assert locked(project, "vae-mnist") == found


def test_sync_fetches_what_is_pinned_and_nothing_else(
    hub: Hub, puller: User, models: list[Files], repo: str, project: Path
) -> None:
    hub.commit(repo, {"photo.png": b"\x89PNG", "extra.json": "{}"})
    pinned = hub.head(repo)
    run(puller, "lock", repo, "vae-mnist")
    hub.commit(repo, models[1])
    forget(puller, repo)
    hub.requests.clear()
    done = run(puller, "sync")
    assert done.code == 0
    names = [line.partition("\t")[0] for line in done.out.splitlines()]
    assert names == [repo, "vae-mnist"]
    assert set(puller.cached(repo, pinned)) == {*models[0], "extra.json"}
    assert hub.count("GET */api/models/*/revision/main") == 0
    assert all(pinned in line or "/files/" in line for line in hub.requests), hub.requests
    hub.requests.clear()
    assert run(puller, "sync").out == done.out
    assert puller.load(repo).revision == pinned
    assert hub.requests == []


def test_sync_heals_what_is_damaged(
    hub: Hub, puller: User, models: list[Files], repo: str, project: Path
) -> None:
    run(puller, "lock", repo)
    folder = puller.folder(repo) / "snapshots" / hub.head(repo)
    damage(folder / "model.safetensors")
    (check,) = run(puller, "verify", "--lock", "--json").data
    assert check["trouble"] == "model.safetensors is damaged; run mmgen sync"
    assert run(puller, "sync").code == 0
    assert run(puller, "verify", "--lock").code == 0
    assert puller.cached(repo, hub.head(repo)) == models[0]


SYNC = """
from mmgen.hub.lock import read_lock
from mmgen.hub.pinning import check_lock, sync
found = []
lock = read_lock(Path(path))
troubles = [check.trouble for check in check_lock(lock)]
try:
    sync(lock, lambda name, folder: found.append(name))
except mmgen.errors.LockError as error:
    found.append(str(error))
[troubles, found]
"""


def test_of_two_locks_the_one_that_is_given_counts(puller: User, project: Path) -> None:
    run(puller, "lock", "vae-mnist")
    right, wrong = project / "right.lock", project / "wrong.lock"
    text = (project / "mmgen.lock").read_text()
    right.write_text(text)
    wrong.write_text(text.replace(locked(project, "vae-mnist").files[-1].sha256, "0" * 64))
    for given, active in ((right, wrong), (wrong, right)):
        shutil.copyfile(active, project / "mmgen.lock")
        (trouble,), (found,) = puller.run(SYNC, path=str(given))
        for words in (trouble, found):
            assert ("other weights" in words) == (given == wrong)
            assert (str(given) in words) == (given == wrong)


def test_sync_refuses_what_is_not_what_was_pinned(
    hub: Hub, puller: User, repo: str, project: Path
) -> None:
    run(puller, "lock", repo)
    path = project / "mmgen.lock"
    pinned = next(f for f in locked(project, repo).files if f.path == "model.safetensors")
    path.write_text(path.read_text().replace(pinned.sha256, "0" * 64))
    refused = run(puller, "sync")
    assert refused.code == 1
    assert "came twice with hash" in refused.err
    puller.is_refused("CorruptFileError", "came twice", repo)


def test_verify_of_the_lock_fetches_nothing(
    hub: Hub, puller: User, repo: str, project: Path
) -> None:
    none = run(puller, "verify", "--lock")
    assert none.code == 1
    assert "there is no mmgen.lock here" in none.err
    assert "there is no mmgen.lock here" in run(puller, "sync").err
    run(puller, "lock", repo, "vae-mnist")
    whole = run(puller, "verify", "--lock", "--json")
    assert (whole.code, [check["trouble"] for check in whole.data]) == (0, ["", ""])
    forget(puller, repo)
    hub.requests.clear()
    lost = run(puller, "verify", "--lock")
    assert lost.code == 1
    assert "is not here; run mmgen sync" in " ".join(lost.out.split())
    assert run(puller, "verify", "--lock", "vae-mnist").code == 0
    assert "does not pin 'org/x'" in run(puller, "verify", "--lock", "org/x").err
    assert hub.requests == []


def test_verify_of_what_is_here(
    hub: Hub, puller: User, models: list[Files], repo: str, project: Path
) -> None:
    first, second = hub.head(repo), hub.commit(repo, models[1])
    puller.load(repo, revision=first)
    puller.load(repo)
    troubles = {check["name"]: check["trouble"] for check in run(puller, "verify", "--json").data}
    for name in ("vae-mnist", f"{repo}@{first[:12]}", f"{repo}@{second[:12]}"):
        assert troubles[name] == ""
    damage(puller.folder(repo) / "snapshots" / first / "model.safetensors")
    hub.requests.clear()
    for names_given in ([], [repo], [f"{repo}@{first}"]):
        damaged = run(puller, "verify", *names_given)
        assert damaged.code == 1
        assert "model.safetensors is damaged" in " ".join(damaged.out.split())
    assert run(puller, "verify", f"{repo}@{second}", "vae-mnist").code == 0
    assert hub.requests == []  # what is checked is neither fetched nor mended
    (missing,) = run(puller, "verify", "org/nowhere", "--json").data
    assert "is not in the cache" in missing["trouble"]
    assert json.dumps(missing)
    (unknown,) = run(puller, "verify", "vae-mnits", "--json").data
    assert "did you mean 'vae-mnist'?" in unknown["trouble"]


def test_verify_of_a_folder(puller: User, models: list[Files], project: Path) -> None:
    (project / "model").mkdir()
    for path, content in models[0].items():
        (project / "model" / path).write_bytes(content)
    (check,) = run(puller, "verify", "./model", "--json").data
    assert (check["files"], check["trouble"]) == (2, "")
    (check,) = run(puller, "verify", "./nowhere", "--json").data
    assert "does not exist" in check["trouble"]


def test_download_obeys_the_lock(
    hub: Hub, puller: User, models: list[Files], repo: str, project: Path
) -> None:
    run(puller, "lock", repo)
    pinned = hub.head(repo)
    hub.commit(repo, models[1])
    assert run(puller, "download", repo).out.rstrip().endswith(pinned)
    assert run(puller, "download", f"{repo}@main").code == 1
