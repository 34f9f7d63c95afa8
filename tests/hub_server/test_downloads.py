"""Reading with the real client: files, revisions, trees, what is cached, and what goes wrong."""

import hashlib
from pathlib import Path

import pytest

from hub_server import (
    Answer,
    ClientError,
    ClientProcess,
    Delay,
    Drop,
    FlipByte,
    Hangup,
    Hub,
    Redirect,
    Run,
    Truncate,
    WrongETag,
)

WEIGHTS = bytes(range(256)) * 40
FILES = {"model.safetensors": WEIGHTS, "config.json": b'{"a": 1}', "part/a b.txt": b"text"}

SNAPSHOT = "snapshot_download(name)"
WEIGHTS_FILE = "hf_hub_download(name, 'model.safetensors')"


@pytest.fixture
def name(hub: Hub, request: pytest.FixtureRequest) -> str:
    """A public repository of the test's own."""
    name = f"org/{request.node.name[5:80].strip('_').replace('[', '-').replace(']', '')}"
    hub.create_repo(name)
    hub.commit(name, FILES)
    return name


def read(folder: str) -> dict[str, bytes]:
    paths = [path for path in Path(folder).rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_snapshot(hub: Hub, client: ClientProcess, name: str) -> None:
    assert read(client.run(SNAPSHOT, name=name)) == hub.files(name)


def test_an_older_commit_and_a_tag_stay(hub: Hub, client: ClientProcess, name: str) -> None:
    first = hub.head(name)
    hub.tag(name, "v1")
    hub.commit(name, {"config.json": "new", "part/a b.txt": None})
    for revision in (first, "v1"):
        folder = client.run("snapshot_download(name, revision=v)", name=name, v=revision)
        assert Path(folder).name == first
        assert read(folder)["config.json"] == FILES["config.json"]
    assert "part/a b.txt" not in read(client.run(SNAPSHOT, name=name))


def test_what_each_file_costs(hub: Hub, client: ClientProcess, name: str) -> None:
    commit = hub.head(name)
    client.run(WEIGHTS_FILE, name=name)
    sha256 = hashlib.sha256(WEIGHTS).hexdigest()
    assert hub.requests == [
        f"HEAD /{name}/resolve/main/model.safetensors",
        f"GET /files/{name}/{sha256}/model.safetensors",
    ]
    hub.requests.clear()
    client.run("hf_hub_download(name, 'config.json')", name=name)
    cache = f"/api/resolve-cache/models/{name}/{commit}/config.json"
    assert hub.requests == [
        f"HEAD /{name}/resolve/main/config.json",
        f"HEAD {cache}",
        f"GET {cache}",
    ]
    hub.requests.clear()
    client.run("hf_hub_download(name, 'model.safetensors', revision=v)", name=name, v=commit)
    assert hub.requests == []
    client.run("api.resolve_revision(name)", name=name)
    assert hub.requests == [f"GET /api/models/{name}"]


def test_metadata_of_a_file(hub: Hub, client: ClientProcess, name: str) -> None:
    code = (
        "url = hf_hub_url(name, path)\nfound = get_hf_file_metadata(url)\n"
        "[found.commit_hash, found.etag, found.size, found.location]"
    )
    sha256 = hashlib.sha256(WEIGHTS).hexdigest()
    commit, etag, size, location = client.run(code, name=name, path="model.safetensors")
    assert (commit, etag, size) == (hub.head(name), sha256, len(WEIGHTS))
    assert location.startswith(hub.storage_url)
    commit, etag, size, location = client.run(code, name=name, path="part/a b.txt")
    blob = hashlib.sha1(b"blob 4\0text").hexdigest()
    assert (commit, etag, size) == (hub.head(name), blob, 4)
    assert location.startswith(f"{hub.url}/api/resolve-cache/")


def test_where_files_are_sent_from(hub: Hub, client: ClientProcess, name: str) -> None:
    code = (
        "from huggingface_hub.utils import get_session\n"
        "url, headers = hf_hub_url(name, path), {'Authorization': 'Bearer ' + api.token}\n"
        "answer = get_session().head(url, headers=headers, follow_redirects=False)\n"
        "[answer.status_code, answer.headers.get('Location', '')]"
    )
    hub.commit(name, {"empty.txt": b""})
    token = hub.token("read")
    secret = f"{name}-private"
    hub.create_repo(secret, private=True)
    hub.commit(secret, FILES)
    client.run("api.token = token", token=token)

    def head(repo: str, path: str) -> tuple[int, str]:
        status, location = client.run(code, name=repo, path=path)
        return status, location.partition("?")[0]

    cache = f"/api/resolve-cache/models/{name}/{hub.head(name)}/part/a%20b.txt"
    storage = f"{hub.storage_url}/files/{secret}/{hashlib.sha256(WEIGHTS).hexdigest()}"
    assert head(name, "part/a b.txt") == (307, cache)
    assert head(name, "empty.txt") == (200, "")
    assert head(secret, "part/a b.txt") == (200, "")
    assert head(secret, "model.safetensors") == (302, f"{storage}/model.safetensors")
    client.run("api.token = None")


def test_tree_and_info(hub: Hub, client: ClientProcess, name: str) -> None:
    rows = client.run(
        "[(type(row).__name__, row.path, getattr(row, 'lfs', None), row.last_commit)"
        " for row in api.list_repo_tree(name, recursive=True, expand=True)]",
        name=name,
    )
    kinds = {path: kind for kind, path, _, _ in rows}
    assert kinds == {
        **dict.fromkeys([".gitattributes", *FILES], "RepoFile"),
        "part": "RepoFolder",
    }
    large = {path: lfs for _, path, lfs, _ in rows if lfs}
    sha256 = hashlib.sha256(WEIGHTS).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize 10240\n"
    assert large == {
        "model.safetensors": {"size": 10240, "sha256": sha256, "pointer_size": len(pointer)}
    }
    last = {path: commit["title"] for _, path, _, commit in rows}
    assert last[".gitattributes"] == "initial commit"
    assert last["part"] == last["part/a b.txt"] == "a commit"
    siblings = client.run(
        "[(s.rfilename, s.size, s.lfs and s.lfs.sha256)"
        " for s in api.model_info(name, files_metadata=True).siblings]",
        name=name,
    )
    assert ["model.safetensors", 10240, sha256] in siblings
    assert ["config.json", 8, None] in siblings
    paths = "[row.path for row in api.get_paths_info(name, ['part', 'config.json', 'no'])]"
    assert client.run(paths, name=name) == ["part", "config.json"]
    assert client.run("[r.path for r in api.list_repo_tree(name, 'part')]", name=name) == [
        "part/a b.txt"
    ]


def test_identifiers_are_those_of_git(hub: Hub, client: ClientProcess, name: str) -> None:
    rows = client.run(
        "[(row.path, getattr(row, 'tree_id', None) or row.blob_id)"
        " for row in api.list_repo_tree(name)]",
        name=name,
    )
    blob = hashlib.sha1(b"blob 4\0text")
    tree = b"100644 a b.txt\0" + blob.digest()
    assert dict(rows)["part"] == hashlib.sha1(b"tree %d\0" % len(tree) + tree).hexdigest()


def test_a_long_tree_comes_in_pages(hub: Hub, client: ClientProcess) -> None:
    hub.create_repo("org/long")
    names = {f"part-{number:04d}.txt" for number in range(1100)}
    hub.commit("org/long", dict.fromkeys(names, b"x"))
    listed = client.run("[row.path for row in api.list_repo_tree('org/long', recursive=True)]")
    assert len(listed) == 1101
    assert set(listed) == {*names, ".gitattributes"}
    assert hub.count("GET */tree/main") == 2


def test_what_is_not_there(hub: Hub, client: ClientProcess, name: str) -> None:
    for code, kind, status in (
        ("hf_hub_download(name, 'none.json')", "RemoteEntryNotFoundError", 404),
        ("hf_hub_download(name, 'config.json', revision='v9')", "RevisionNotFoundError", 404),
        ("api.model_info(name, revision='f' * 40)", "RevisionNotFoundError", 404),
        ("list(api.list_repo_tree(name, 'none'))", "RemoteEntryNotFoundError", 404),
        ("snapshot_download('org/none')", "RepositoryNotFoundError", 404),
        ("snapshot_download('org/none', token=False)", "RepositoryNotFoundError", 401),
    ):
        with pytest.raises(ClientError) as error:
            client.run(code, name=name)
        assert (error.value.kind, error.value.status) == (kind, status)


def test_a_dropped_download_goes_on_where_it_stopped(
    hub: Hub, client: ClientProcess, name: str
) -> None:
    drop = hub.fault("GET *model.safetensors", Drop(after_bytes=4000))
    assert Path(client.run(WEIGHTS_FILE, name=name)).read_bytes() == WEIGHTS
    assert drop.struck == 1
    assert hub.count("GET *model.safetensors") == 2


def test_ranges(hub: Hub, client: ClientProcess, name: str) -> None:
    code = (
        "from huggingface_hub.utils import get_session\n"
        "answer = get_session().get(hf_hub_url(name, path), headers={'Range': range})\n"
        "[answer.status_code, answer.headers.get('Content-Range'), list(answer.content)]"
    )
    for path in ("model.safetensors", "part/a b.txt"):
        content = FILES[path]
        size = len(content)
        for asked, part in (
            ("bytes=1-2", slice(1, 3)),
            ("bytes=3-", slice(3, size)),
            ("bytes=-2", slice(size - 2, size)),
        ):
            where = f"bytes {part.start}-{part.stop - 1}/{size}"
            found = client.run(code, name=name, path=path, range=asked)
            assert found == [206, where, list(content[part])]
        found = client.run(code, name=name, path=path, range=f"bytes={size}-")
        assert found[:2] == [416, f"bytes */{size}"]


def test_a_truncated_file_is_refused_by_its_size(
    hub: Hub, client: ClientProcess, name: str
) -> None:
    hub.fault("GET *model.safetensors", Truncate(to_bytes=100))
    with pytest.raises(ClientError, match="file should be of size 10240 but has size 100"):
        client.run(WEIGHTS_FILE, name=name)
    assert Path(client.run(WEIGHTS_FILE, name=name)).read_bytes() == WEIGHTS


def test_the_client_does_not_see_a_flipped_byte(hub: Hub, client: ClientProcess, name: str) -> None:
    hub.fault("GET *model.safetensors", FlipByte(at=70))
    got = Path(client.run(WEIGHTS_FILE, name=name)).read_bytes()
    assert [place for place in range(len(WEIGHTS)) if got[place] != WEIGHTS[place]] == [70]


def test_the_client_keeps_a_file_under_a_wrong_etag(
    hub: Hub, client: ClientProcess, name: str
) -> None:
    hub.fault("HEAD *model.safetensors", WrongETag("0" * 64))
    path = Path(client.run(WEIGHTS_FILE, name=name))
    assert path.resolve().name == "0" * 64
    assert path.read_bytes() == WEIGHTS


def test_errors_come_as_often_as_asked(hub: Hub, client: ClientProcess, name: str) -> None:
    head = hub.fault("HEAD *model.safetensors", Answer(503, "busy"))
    wait = hub.fault("GET *model.safetensors", Answer(429, headers={"Retry-After": "0"}))
    assert Path(client.run(WEIGHTS_FILE, name=name)).read_bytes() == WEIGHTS
    assert head.struck == wait.struck == 1
    always = hub.fault(f"GET /api/models/{name}", Answer(500, "broken"), times=None)
    for _ in range(3):
        with pytest.raises(ClientError, match="broken") as error:
            client.run("api.model_info(name)", name=name)
        assert error.value.status == 500
    always.lift()
    client.run("api.model_info(name)", name=name)
    assert always.struck == 3


def test_hangup_redirect_delay_and_skip(hub: Hub, client: ClientProcess, name: str) -> None:
    info = "api.model_info(name, timeout=0.2).sha"
    hub.fault(f"GET /api/models/{name}", Hangup(), skip=1)
    assert client.run(info, name=name) == hub.head(name)
    with pytest.raises(ClientError) as error:
        client.run(info, name=name)
    assert "TransportError" in error.value.kinds
    hub.fault(f"GET /api/models/{name}", Delay(0.4))
    with pytest.raises(ClientError) as error:
        client.run(info, name=name)
    assert "TimeoutException" in error.value.kinds
    hub.create_repo("org/elsewhere")
    hub.fault(f"GET /api/models/{name}", Redirect(f"{hub.url}/api/models/org/elsewhere"))
    assert client.run("api.model_info(name).id", name=name) == "org/elsewhere"


def test_a_commit_between_two_files(hub: Hub, client: ClientProcess, name: str) -> None:
    hub.fault("GET *model.safetensors", Run(lambda: hub.commit(name, {"config.json": b"new"})))
    client.run(WEIGHTS_FILE, name=name)
    path = Path(client.run("hf_hub_download(name, 'config.json')", name=name))
    assert path.read_bytes() == b"new"


def test_hostile_names_are_served(hub: Hub, client: ClientProcess, name: str) -> None:
    hub.commit(name, {"../x": b"outside", "/etc/y": b"root"})
    listed = client.run("api.list_repo_files(name)", name=name)
    assert {"../x", "/etc/y"} <= set(listed)
    with pytest.raises(ClientError, match=r"Invalid filename '(\.\./x|/etc/y)'"):
        client.run(SNAPSHOT, name=name)


def test_no_server_but_a_cache(hub: Hub, client: ClientProcess, name: str) -> None:
    commit = hub.head(name)
    client.run(WEIGHTS_FILE, name=name)
    hub.fault(f"* /{name}/*", Hangup(), times=None)
    hub.fault(f"* /api/models/{name}*", Answer(503), times=None)
    assert client.run("api.resolve_revision(name).resolved", name=name) == commit
    assert commit in client.run(
        "hf_hub_download(name, 'model.safetensors', revision=v)", name=name, v=commit
    )
