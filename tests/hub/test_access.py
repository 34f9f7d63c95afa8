"""Who may not have a model is told why, and what to do; each trouble has a class of its own."""

from collections.abc import Iterator

import pytest
from hub_server import Answer, Hub
from hub_user import User

Files = dict[str, bytes]


@pytest.fixture(autouse=True)
def _logged_out(puller: User) -> Iterator[None]:
    yield
    puller.log_in(None)


def test_a_private_model(hub: Hub, puller: User, repo: str) -> None:
    hub.update(repo, private=True)
    words = puller.is_refused("RepositoryNotFoundError", "or it is private", repo)
    assert "hf auth login" in words
    puller.log_in(hub.token("read", user="stranger", orgs=()))
    puller.is_refused("RepositoryNotFoundError", "or it is private", repo)
    puller.log_in(hub.token("read"))
    assert puller.load(repo).revision == hub.head(repo)


def test_a_private_model_pinned_by_commit(hub: Hub, puller: User, repo: str) -> None:
    hub.update(repo, private=True)
    commit = hub.head(repo)
    puller.is_refused("RepositoryNotFoundError", "or it is private", repo, revision=commit)
    puller.log_in(hub.token("read"))
    assert puller.load(repo, revision=commit).revision == commit


def test_the_clients_own_login_is_used(hub: Hub, puller: User, repo: str) -> None:
    hub.update(repo, private=True)
    stored = puller.home / "token"  # where `hf auth login` keeps it
    stored.write_text(hub.token("read"))
    try:
        assert puller.load(repo).revision == hub.head(repo)
    finally:
        stored.unlink()
    puller.is_refused("RepositoryNotFoundError", "or it is private", f"{repo}@v1")


def test_a_gated_model(hub: Hub, puller: User, repo: str) -> None:
    hub.update(repo, gated="manual")
    for token in (None, hub.token("read", user="stranger", orgs=())):
        puller.log_in(token)
        for name in (repo, f"{repo}@{hub.head(repo)}"):
            words = puller.is_refused("GatedRepositoryError", "ask for access on its page", name)
            assert "hf auth login" in words
    hub.grant(repo, "stranger")
    assert puller.load(repo).revision == hub.head(repo)


def test_a_wrong_token(hub: Hub, puller: User, repo: str) -> None:
    puller.log_in("hf_" + "x" * 34)
    for name in (repo, f"{repo}@{hub.head(repo)}", "org/none"):
        words = puller.is_refused("TokenError", "token", name)
        assert "hf auth login" in words
    hub.update(repo, private=True)
    puller.is_refused("TokenError", "token", repo)
    puller.log_in(None)
    hub.update(repo, private=False)
    puller.load(repo)


def test_a_token_that_is_refused_as_if_nothing_were_there(
    hub: Hub, puller: User, repo: str
) -> None:
    puller.log_in(hub.token("read"))
    refusal = Answer(401, headers={"X-Error-Code": "RepoNotFound"})
    hub.fault("GET /api/models/*", refusal, times=None)
    words = puller.is_refused("TokenError", "or refused your token", repo)
    assert "check the name, or log in" in words


def test_a_wrong_token_does_not_hide_behind_the_cache(hub: Hub, puller: User, repo: str) -> None:
    loaded = puller.load(repo)
    puller.log_in("hf_" + "x" * 34)
    puller.is_refused("TokenError", "token", repo)
    hub.requests.clear()
    assert puller.load(repo, revision=loaded.revision) == loaded
    assert hub.requests == []


def test_what_is_not_there(hub: Hub, puller: User, models: list[Files], repo: str) -> None:
    words = puller.is_refused("RepositoryNotFoundError", "no repository 'org/none'", "org/none")
    assert words.startswith("there is no folder 'org/none', and ")
    for revision in ("v9", "f" * 40, "no/such"):
        words = f"'{repo}' has no revision '{revision}'"
        puller.is_refused("RevisionNotFoundError", words, f"{repo}@{revision}")
    puller.log_in(hub.token("read"))
    puller.is_refused("RepositoryNotFoundError", "no repository 'org/none'", "org/none")
    hub.commit(repo, {"config.json": None})
    puller.is_refused("ModelFileError", "config.json is missing", repo)
    hub.commit(repo, {"config.json": models[0]["config.json"], "model.safetensors": None})
    puller.is_refused("ModelFileError", "a .safetensors file is missing", repo)


def test_a_deleted_model_is_gone_unless_it_is_pinned(hub: Hub, puller: User, repo: str) -> None:
    loaded = puller.load(repo)
    hub.delete_repo(repo)
    puller.is_refused("RepositoryNotFoundError", "no repository", repo)
    assert puller.load(repo, revision=loaded.revision) == loaded


def test_a_revision_named_twice(hub: Hub, puller: User, repo: str) -> None:
    commit = hub.head(repo)
    assert puller.load(f"{repo}@main", revision="main").revision == commit
    words = puller.is_refused("InputError", "'main'.*'v1'", f"{repo}@main", revision="v1")
    assert "leave one out" in words


@pytest.mark.parametrize("name", ["org/a--b", "org/a..b", "org/.b", "org/b@", "o/r/g", "org/b@a b"])
def test_names_that_no_repository_has(hub: Hub, puller: User, name: str) -> None:
    error = "HubError" if "--" in name or ".." in name else "ModelFileError"
    words = "is not the name of a repository|a model of the Hub is org/name or org/name@revision"
    puller.is_refused(error, words, name)
    assert hub.requests == []


def test_the_command_says_it_in_one_line(hub: Hub, puller: User, repo: str) -> None:
    hub.update(repo, gated="auto")
    done = puller.run("cli('download', name)", name=repo)
    assert done["code"] == 1
    assert done["err"].startswith(f"mmgen: '{repo}' is gated")
    assert done["err"].count("\n") == 1
