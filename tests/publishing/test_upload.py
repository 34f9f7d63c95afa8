"""A publication is one commit, on top of what was looked at, or nothing at all."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hub_commands import (
    changes,
    enter_folder,
    hearing,
    num_commits,
    publish,
    run,
    writes,
)
from hub_server import Answer, ClientError, Hangup, Hub, LostAnswer, Run
from hub_user import User, user
from PIL import Image

COMMIT = "POST /api/models/*/commit/*"
ALL = {"README.md", "config.json", "model.safetensors", "samples.png"}


def fails(
    kind: str, words: str, publisher: User, source: Path, repo: str, **settings: object
) -> None:
    with pytest.raises(ClientError, match=words) as error:
        publish(publisher, source, repo, **settings)
    assert error.value.kind == kind, error.value


def is_untouched(hub: Hub, repo: str) -> bool:
    return set(hub.files(repo)) == {".gitattributes"}


def test_one_commit_that_others_can_load(
    hub: Hub, publisher: User, puller: User, model: Path, repo: str
) -> None:
    done = publish(publisher, model, repo)
    assert set(changes(done)["added"]) == ALL
    assert done["commit"] == hub.head(repo)
    assert num_commits(hub, repo) == 2  # the repository's own, and this one
    assert hub.count(COMMIT) == 1
    assert set(hub.files(repo)) == ALL | {".gitattributes"}
    pulled, mine = puller.load(repo), publisher.load(f"{model}")
    assert pulled.revision == done["commit"]
    assert pulled.pictures == mine.pictures
    assert pulled.sha256 == mine.sha256


def test_the_sample_picture_can_be_made_again(
    hub: Hub, publisher: User, puller: User, model: Path, repo: str, tmp_path: Path
) -> None:
    publish(publisher, model, repo)
    (tmp_path / "samples.png").write_bytes(hub.files(repo)["samples.png"])
    enter_folder(puller, tmp_path)
    done = run(puller, "replay", "samples.png", "-o", "again.png")
    assert done.code == 0, done.err
    with Image.open(tmp_path / "samples.png") as old, Image.open(tmp_path / "again.png") as new:
        assert old.tobytes() == new.tobytes()


def test_the_same_again_changes_nothing(hub: Hub, publisher: User, model: Path, repo: str) -> None:
    first = publish(publisher, model, repo, tag="v1", about={"licence": "MIT"})
    hub.requests.clear()
    for settings in ({"tag": "v1"}, {"about": {"licence": "MIT"}}, {}):
        again = publish(publisher, model, repo, **settings)
        assert again["commit"] == first["commit"]
        assert set(changes(again)) == {"kept"}
    assert writes(hub) == 0


def test_files_of_the_older_model_go_and_the_owners_stay(
    hub: Hub, publisher: User, puller: User, model: Path, other: Path, repo: str
) -> None:
    first = publish(publisher, model, repo)
    shard, part = "model-00002-of-00002.safetensors", "label/config.json"
    own = {"photo.png": b"\x89PNG", "LICENSE": "words", "docs/about.md": "more"}
    hub.commit(repo, {shard: b"old", part: "{}", **own})
    done = publish(publisher, other, repo)
    assert changes(done)["removed"] == [part, shard]
    assert set(hub.files(repo)) == ALL | {".gitattributes", *own}
    assert puller.load(repo).pictures == publisher.load(str(other)).pictures
    assert (
        puller.load(repo, revision=first["commit"]).pictures == publisher.load(f"{model}").pictures
    )


def test_two_who_publish_at_once(
    hub: Hub, publisher: User, model: Path, other: Path, repo: str
) -> None:
    publish(publisher, model, repo)
    theirs = []
    rival = Run(lambda: theirs.append(hub.commit(repo, {"model.safetensors": b"theirs"})))
    # At any moment after the publisher has looked: the commit, and the first requests before it.
    for moment in (COMMIT, "POST */preupload/*", "POST */lfs/objects/batch"):
        hub.fault(moment, rival)
        fails("ConflictError", "somebody published .* nothing was changed", publisher, other, repo)
        assert hub.head(repo) == theirs[-1]
        hub.commit(repo, {"model.safetensors": (model / "model.safetensors").read_bytes()})
    assert len(theirs) == 3
    publish(publisher, other, repo)
    assert hub.files(repo)["config.json"] == (other / "config.json").read_bytes()


def test_two_who_publish_the_first_at_once(
    hub: Hub, publisher: User, model: Path, repo: str
) -> None:
    def rival() -> None:
        hub.create_repo(repo)
        hub.commit(repo, {"config.json": "{}"})

    hub.fault("POST /api/repos/create", Run(rival))
    fails("ConflictError", "somebody published", publisher, model, repo)
    assert set(hub.files(repo)) == {".gitattributes", "config.json"}


def test_the_answer_to_the_commit_is_lost(
    hub: Hub, publisher: User, model: Path, other: Path, repo: str
) -> None:
    publish(publisher, model, repo)
    lost = hub.fault(COMMIT, LostAnswer())
    done = publish(publisher, other, repo)
    assert lost.struck == 1
    assert done["commit"] == hub.head(repo)
    assert num_commits(hub, repo) == 3


def test_the_answer_is_lost_and_somebody_publishes_on_top(
    hub: Hub, publisher: User, puller: User, model: Path, other: Path, repo: str
) -> None:
    publish(publisher, model, repo)
    before = hub.head(repo)
    # One whose files hide ours, and one who leaves ours as they are.
    for tag, theirs in (("v2", {"model.safetensors": b"theirs"}), ("v3", {"photo.png": b"more"})):
        hub.fault(COMMIT, LostAnswer())
        # The head is read before the commit, and once more after it.
        rival = hub.fault(f"GET /api/models/{repo}", Run(partial(hub.commit, repo, theirs)), skip=1)
        with hearing(publisher) as heard:
            done = publish(publisher, other, repo, tag=tag)
        assert rival.struck == 1
        assert hub.repository(repo).commit(done["commit"]).parents == [before]
        assert hub.repository(repo).commit(hub.head(repo)).parents == [done["commit"]]
        assert hub.head(repo, tag) == done["commit"]
        assert f"published as {done['commit']}" in heard[0]
        assert f"{hub.head(repo)} on top" in heard[0]
        found = puller.load(f"{repo}@{tag}").pictures
        assert found == publisher.load(str(other)).pictures
        before = hub.commit(repo, {"model.safetensors": b"old", "photo.png": b""})


def test_the_hub_goes_down_after_the_commit(
    hub: Hub, publisher: User, model: Path, other: Path, repo: str
) -> None:
    publish(publisher, model, repo)
    hub.fault(COMMIT, LostAnswer())
    down = hub.fault(f"GET /api/models/{repo}", Answer(503), times=None, skip=1)
    fails("OfflineError", "whether the commit arrived is not known", publisher, other, repo)
    down.lift()
    done = publish(publisher, other, repo)
    assert set(changes(done)) == {"kept"}
    assert num_commits(hub, repo) == 3


def test_the_history_is_squashed_meanwhile(
    hub: Hub, publisher: User, model: Path, other: Path, repo: str
) -> None:
    publish(publisher, model, repo)

    def squash() -> None:
        hub.delete_repo(repo)
        hub.create_repo(repo)

    hub.fault(COMMIT, Run(squash))
    fails("ConflictError", "nothing was changed", publisher, other, repo)
    assert is_untouched(hub, repo)


def test_the_commit_is_tried_again_where_it_did_not_arrive(
    hub: Hub, publisher: User, model: Path, repo: str
) -> None:
    hub.fault(COMMIT, Hangup())
    hub.fault(COMMIT, Answer(503), skip=1)
    assert publish(publisher, model, repo)["commit"] == hub.head(repo)
    assert num_commits(hub, repo) == 2


def test_the_hub_goes_down_before_the_commit(
    hub: Hub, publisher: User, model: Path, repo: str
) -> None:
    down = hub.fault(COMMIT, Answer(503), times=None)
    fails("OfflineError", "busy or down", publisher, model, repo)
    assert is_untouched(hub, repo)
    down.lift()
    assert publish(publisher, model, repo)["commit"] == hub.head(repo)


@pytest.mark.parametrize(
    ("moment", "status"),
    [("PUT *", 403), ("POST *.git/info/lfs/objects/batch", 507), ("POST *preupload*", 400)],
)
def test_the_files_are_refused(
    hub: Hub, publisher: User, model: Path, repo: str, moment: str, status: int
) -> None:
    repo = f"org/refused-{status}"
    refusal = hub.fault(moment, Answer(status), times=None)
    with pytest.raises(ClientError) as error:
        publish(publisher, model, repo)
    assert "MmgenError" in error.value.kinds
    assert refusal.struck
    assert is_untouched(hub, repo)
    refusal.lift()
    publish(publisher, model, repo)
    assert set(hub.files(repo)) == ALL | {".gitattributes"}


@pytest.mark.parametrize("moment", ["PUT *", COMMIT])
def test_a_publisher_who_is_killed_half_way(
    hub: Hub, publisher: User, model: Path, tmp_path: Path, moment: str
) -> None:
    repo = f"org/killed-{moment.partition(' ')[0].lower()}"
    with user(hub, tmp_path, token=hub.token("write")) as client:
        killed = hub.fault(moment, Run(client.kill))
        with pytest.raises(RuntimeError, match="the client is gone"):
            publish(client, model, repo)
    assert killed.struck == 1
    assert is_untouched(hub, repo) or set(hub.files(repo)) == ALL | {".gitattributes"}
    done = publish(publisher, model, repo)
    assert set(hub.files(repo)) == ALL | {".gitattributes"}
    assert done["commit"] == hub.head(repo)
    assert num_commits(hub, repo) == 2


@pytest.mark.parametrize("path", ["config.json", "model.safetensors"])
def test_what_the_hub_holds_is_read_back(hub: Hub, publisher: User, model: Path, path: str) -> None:
    repo = f"org/read-back-{path}"

    def spoil() -> None:
        tree = hub.repository(repo).commit(hub.head(repo)).tree
        tree[path] = replace(tree[path], sha256="0" * 64, oid="0" * 40)

    hub.fault("GET */tree/*", Run(spoil), skip=1)
    fails("CorruptFileError", f"does not hold {path}", publisher, model, repo, tag="v1")
    assert hub.repository(repo).settings.tags == {}


def test_a_tag_that_stands(hub: Hub, publisher: User, model: Path, other: Path, repo: str) -> None:
    first = publish(publisher, model, repo, tag="v1")
    assert hub.head(repo, "v1") == first["commit"]
    hub.requests.clear()
    fails(
        "ConflictError",
        "has a tag 'v1' already.*nothing was sent",
        publisher,
        other,
        repo,
        tag="v1",
    )
    assert writes(hub) == 0
    assert hub.head(repo) == first["commit"]
    second = publish(publisher, other, repo, tag="v2")
    assert hub.head(repo, "v2") == second["commit"] != hub.head(repo, "v1")
    # What is published stands already, but the tag names what stood before.
    fails("ConflictError", "has a tag 'v1' already", publisher, other, repo, tag="v1")
    assert hub.head(repo, "v1") == first["commit"]


def test_a_tag_that_somebody_takes_meanwhile(
    hub: Hub, publisher: User, model: Path, repo: str
) -> None:
    hub.fault("POST */tag/*", Run(lambda: hub.tag(repo, "v1", hub.head(repo) + "")))
    assert publish(publisher, model, repo, tag="v1")["commit"] == hub.head(repo, "v1")
    hub.commit(repo, {"config.json": "{}"})
    hub.create_repo(f"{repo}-2")
    early = hub.head(f"{repo}-2")
    hub.fault("POST */tag/*", Run(lambda: hub.tag(f"{repo}-2", "v1", early)))
    fails("ConflictError", "was published as", publisher, model, f"{repo}-2", tag="v1")
    assert hub.head(f"{repo}-2", "v1") == early


def test_the_answer_to_the_tag_is_lost(hub: Hub, publisher: User, model: Path, repo: str) -> None:
    hub.fault("POST */tag/*", LostAnswer())
    assert publish(publisher, model, repo, tag="v1")["commit"] == hub.head(repo, "v1")


def test_a_branch_starts_from_the_default_one(
    hub: Hub, publisher: User, puller: User, model: Path, other: Path, repo: str
) -> None:
    first = publish(publisher, model, repo)
    hub.commit(repo, {"photo.png": b"\x89PNG"})
    on_main = hub.head(repo)
    planned = publish(publisher, other, repo, revision="trial", dry_run=True)
    done = publish(publisher, other, repo, revision="trial")
    assert planned["changes"] == done["changes"]
    assert "model.safetensors" in changes(done)["changed"]
    assert hub.head(repo) == on_main
    assert hub.head(repo, "trial") == done["commit"]
    assert "photo.png" in hub.files(repo, "trial")
    again = publish(publisher, model, repo, revision="trial")
    assert hub.repository(repo).commit(again["commit"]).parents == [done["commit"]]
    assert (
        puller.load(f"{repo}@trial").pictures == puller.load(f"{repo}@{first['commit']}").pictures
    )


def test_a_branch_starts_from_what_was_looked_at(
    hub: Hub, publisher: User, model: Path, other: Path, repo: str
) -> None:
    first = publish(publisher, model, repo)
    hub.fault("POST */branch/*", Run(lambda: hub.commit(repo, {"extra.json": "{}"})))
    done = publish(publisher, other, repo, revision="trial")
    assert hub.repository(repo).commit(done["commit"]).parents == [first["commit"]]
    assert "extra.json" in hub.files(repo)
    assert "extra.json" not in hub.files(repo, "trial")


def test_a_branch_of_a_new_repository(hub: Hub, publisher: User, model: Path, repo: str) -> None:
    done = publish(publisher, model, repo, revision="trial")
    assert hub.head(repo, "trial") == done["commit"]
    assert is_untouched(hub, repo)


def test_private(hub: Hub, publisher: User, puller: User, model: Path, repo: str) -> None:
    done = publish(publisher, model, repo, private=True)
    assert hub.repository(repo).settings.private
    puller.is_refused("RepositoryNotFoundError", "private", repo)
    assert publisher.load(repo).revision == done["commit"]


def test_a_dry_run_sends_nothing(hub: Hub, publisher: User, model: Path, repo: str) -> None:
    done = publish(publisher, model, repo, dry_run=True, private=True, revision="b", tag="v1")
    assert done["commit"] == ""
    assert set(changes(done)["added"]) == ALL
    assert hub.find(repo) is None
    assert writes(hub) == 0


def test_tokens(hub: Hub, publisher: User, model: Path, repo: str) -> None:
    there = f"{repo}-there"
    hub.create_repo(there)
    good = publisher.run("os.environ['HF_TOKEN']")
    try:
        for token, words in (
            (None, "hf auth login"),
            ("hf_wrong", "refused your token"),
            (hub.token("read"), "write"),
            (hub.token("write", user="stranger", orgs=()), "has not the right"),
        ):
            publisher.log_in(token)
            fails("TokenError", words, publisher, model, repo)
            assert hub.find(repo) is None
            fails("TokenError", words, publisher, model, there)
            assert is_untouched(hub, there)
    finally:
        publisher.log_in(good)
