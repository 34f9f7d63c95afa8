"""Who gets in: private and gated repositories, tokens of each kind; and the search."""

from pathlib import Path

import pytest

from hub_server import ClientError, ClientProcess, Hub, serve

CARD = "---\nlibrary_name: {}\npipeline_tag: unconditional-image-generation\ntags: [vae]\n---\n"

DOWNLOAD = "hf_hub_download(name, 'config.json', token=token)"


@pytest.fixture(scope="module")
def names(hub: Hub) -> list[str]:
    """A public, a private and a gated repository."""
    names = ["org/open", "org/secret", "org/gate"]
    hub.create_repo("org/open")
    hub.create_repo("org/secret", private=True)
    hub.create_repo("org/gate", gated="manual")
    for name in names:
        hub.commit(name, {"config.json": "{}", "w.bin": name, "README.md": CARD.format("mmgen")})
    return names


def outcome(client: ClientProcess, code: str, **values: object) -> tuple[str, int | None]:
    """Return what the client raises, and the status."""
    with pytest.raises(ClientError) as error:
        client.run(code, **values)
    return error.value.kind, error.value.status


@pytest.mark.parametrize(
    ("repo", "who", "kind", "status"),
    [
        ("org/open", "wrong", "HfHubHTTPError", 401),
        ("org/secret", "nobody", "RepositoryNotFoundError", 401),
        ("org/secret", "wrong", "HfHubHTTPError", 401),
        ("org/secret", "outsider", "RepositoryNotFoundError", 404),
        ("org/gate", "nobody", "GatedRepoError", 401),
        ("org/gate", "outsider", "GatedRepoError", 403),
    ],
)
def test_kept_out(
    hub: Hub, client: ClientProcess, names: list[str], repo: str, who: str, kind: str, status: int
) -> None:
    tokens = {"nobody": False, "wrong": "hf_wrong", "outsider": hub.token("read", orgs=())}
    assert outcome(client, DOWNLOAD, name=repo, token=tokens[who]) == (kind, status)
    large = DOWNLOAD.replace("config.json", "w.bin")
    assert outcome(client, large, name=repo, token=tokens[who]) == (kind, status)


@pytest.mark.parametrize("repo", ["org/open", "org/secret", "org/gate"])
def test_let_in(hub: Hub, client: ClientProcess, names: list[str], repo: str) -> None:
    token = hub.token("read")
    for file, content in (("config.json", "{}"), ("w.bin", repo)):
        path = client.run("hf_hub_download(name, f, token=t)", name=repo, f=file, t=token)
        assert Path(path).read_text() == content
    client.run("api.auth_check(name, token=t)", name=repo, t=token)


def test_a_gate_is_seen_and_opens(hub: Hub, client: ClientProcess, names: list[str]) -> None:
    code = "info = api.model_info('org/gate', token=t)\n[info.gated, len(info.siblings)]"
    assert client.run(code, t=False) == ["manual", 4]
    guest = hub.token("read", user="guest", orgs=())
    hub.create_repo("org/granted", gated="auto")
    hub.commit("org/granted", {"config.json": "{}"})
    assert outcome(client, DOWNLOAD, name="org/granted", token=guest)[0] == "GatedRepoError"
    hub.grant("org/granted", "guest")
    client.run(DOWNLOAD, name="org/granted", token=guest)


def test_no_token_goes_to_the_storage(hub: Hub, client: ClientProcess, names: list[str]) -> None:
    token = hub.token("read")
    hub.requests.clear()
    client.run("hf_hub_download('org/secret', 'w.bin', token=t, force_download=True)", t=token)
    assert hub.count("GET /files/org/secret/*") == 1


@pytest.mark.parametrize(
    ("who", "status", "words"),
    [("read", 403, "you must use a write token"), ("outsider", 403, "create_pr=1")],
)
def test_may_not_write(
    hub: Hub, client: ClientProcess, names: list[str], who: str, status: int, words: str
) -> None:
    token = hub.token("read") if who == "read" else hub.token("write", orgs=("other",))
    before = hub.head("org/open")
    code = "api.upload_file(repo_id='org/open', path_in_repo='a', path_or_fileobj=b'', token=t)"
    with pytest.raises(ClientError, match=words) as error:
        client.run(code, t=token)
    assert error.value.status == status
    assert outcome(client, "api.create_repo('org/new', token=t)", t=token)[1] == 403
    assert outcome(client, "api.delete_repo('org/open', token=t)", t=token)[1] == 403
    assert hub.head("org/open") == before


def test_nobody_may_not_write(hub: Hub, client: ClientProcess, names: list[str]) -> None:
    code = "api.upload_file(repo_id='org/open', path_in_repo='a', path_or_fileobj=b'', token=False)"
    assert outcome(client, code) == ("RepositoryNotFoundError", 401)
    assert outcome(client, "api.create_repo('org/new', token=False)") == ("HfHubHTTPError", 401)


def test_whoami(hub: Hub, client: ClientProcess) -> None:
    code = "who = api.whoami(token=t)\n[who['name'], [o['name'] for o in who['orgs']]]"
    assert client.run(code, t=hub.token("read", user="ann", orgs=("a", "b"))) == ["ann", ["a", "b"]]
    with pytest.raises(ClientError, match="Invalid user token"):
        client.run(code, t="hf_wrong")


def test_search(hub: Hub, client: ClientProcess, names: list[str]) -> None:
    hub.create_repo("ann/vae-faces")
    hub.commit("ann/vae-faces", {"README.md": CARD.format("other-library")})
    code = "[m.id for m in api.list_models(**query)]"

    def search(**query: object) -> set[str]:
        return set(client.run(code, query=query))

    assert search(filter="mmgen") == {"org/open", "org/secret", "org/gate"}
    assert search(filter="mmgen", token=False) == {"org/open", "org/gate"}
    assert search(filter=["mmgen", "vae"], gated=True) == {"org/gate"}
    assert search(search="FACES") == search(author="ann") == {"ann/vae-faces"}
    assert search(search="faces", filter="mmgen") == set()
    assert len(client.run(code, query={"filter": "vae", "limit": 2})) == 2
    info = (
        "info = next(api.list_models(search='org/open', full=True, cardData=True))\n"
        "[info.library_name, info.pipeline_tag, info.tags, info.sha, info.card_data.tags]"
    )
    task = "unconditional-image-generation"
    assert client.run(info) == [
        "mmgen",
        task,
        ["mmgen", "vae", task, "region:us"],
        hub.head("org/open"),
        ["vae"],
    ]
    brief = "info = next(api.list_models(search='org/open'))\n[info.sha, info.siblings]"
    assert client.run(brief) == [None, None]


def test_search_comes_in_pages(
    hub: Hub, client: ClientProcess, names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub_server.routes.info.MODELS_PER_PAGE", 2)
    hub.requests.clear()
    found = client.run("[m.id for m in api.list_models(filter='mmgen', sort='created_at')]")
    assert sorted(found) == sorted(names)
    assert hub.count("GET /api/models") == 2


def test_all_is_kept_in_the_folder(tmp_path: Path) -> None:
    with serve(tmp_path) as hub:
        hub.create_repo("org/kept", private=True)
        commit = hub.commit("org/kept", {"w.bin": b"weights", "a": "text"})
        hub.tag("org/kept", "v1")
        token = hub.token("read")
    with serve(tmp_path) as again:
        assert again.identify(f"Bearer {token}") == hub.identify(f"Bearer {token}")
        assert again.head("org/kept", "v1") == commit
        assert again.files("org/kept") == hub.files("org/kept")
        assert again.repository("org/kept").settings.private


def test_an_error_of_the_server_itself_is_not_hidden(tmp_path: Path) -> None:
    def fail() -> None:
        with serve(tmp_path) as hub:
            hub.errors.append(RuntimeError("in a route"))

    with pytest.raises(RuntimeError, match="in a route"):
        fail()
