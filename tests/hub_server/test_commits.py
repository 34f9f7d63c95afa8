"""Publishing with the real client: commits, large files, conflicts, branches and tags."""

import hashlib
import json
import os
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from hub_server import ClientError, ClientProcess, Hub, LostAnswer, Run

WEIGHTS = bytes(range(256)) * 40
BAD_CARD = "---\nlicense: none-that-is-known\n---\n"


def send(hub: Hub, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    """Send a request that the client would not, to either origin."""
    address = urlsplit(path if path.startswith("http") else hub.url + path)
    connection = HTTPConnection(address.netloc)
    try:
        target = f"{address.path}?{address.query}"
        connection.request(method, target, body, headers)
        response: HTTPResponse = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_create_repo(hub: Hub, client: ClientProcess) -> None:
    assert client.run("api.create_repo('org/created', private=True)") == f"{hub.url}/org/created"
    assert hub.repository("org/created").settings.private
    assert client.run("api.create_repo('org/created', exist_ok=True).repo_id") == "org/created"
    with pytest.raises(ClientError) as error:
        client.run("api.create_repo('org/created')")
    assert error.value.status == 409
    client.run("api.update_repo_settings('org/created', private=False, gated='auto')")
    assert client.run("info = api.model_info('org/created'); [info.private, info.gated]") == [
        False,
        "auto",
    ]
    client.run("api.delete_repo('org/created')")
    assert hub.find("org/created") is None
    assert client.run("api.delete_repo('org/created', missing_ok=True)") is None


def test_a_repository_starts_with_gitattributes(hub: Hub) -> None:
    hub.create_repo("org/fresh")
    assert hub.files("org/fresh").keys() == {".gitattributes"}


def test_upload_folder_is_one_commit_on_its_parent(
    hub: Hub, client: ClientProcess, tmp_path: Path
) -> None:
    first = hub.create_repo("org/upload")
    (tmp_path / "vae").mkdir()
    (tmp_path / "model.safetensors").write_bytes(WEIGHTS)
    (tmp_path / "vae" / "config.json").write_text("{}")
    (tmp_path / "README.md").write_text("---\nlicense: mit\n---\n")
    made = client.run(
        "api.upload_folder(repo_id='org/upload', folder_path=folder, commit_message='one',"
        " commit_description='why', parent_commit=parent).oid",
        folder=str(tmp_path),
        parent=first,
    )
    files = hub.files("org/upload")
    assert hub.head("org/upload") == made
    assert {path: files[path] for path in files if path != ".gitattributes"} == {
        "model.safetensors": WEIGHTS,
        "vae/config.json": b"{}",
        "README.md": b"---\nlicense: mit\n---\n",
    }
    commit = hub.repository("org/upload").commit(made)
    assert (commit.parents, commit.title, commit.message) == ([first], "one", "why")
    assert commit.author == "tester"
    assert commit.tree["model.safetensors"].large
    assert not commit.tree["vae/config.json"].large
    assert hub.count("POST */commit/main") == 1
    assert hub.count("PUT *") == hub.count("POST *.git/info/lfs/objects/verify") == 1


def test_what_is_there_is_not_sent_again(hub: Hub, client: ClientProcess, tmp_path: Path) -> None:
    hub.create_repo("org/again")
    before = hub.commit("org/again", {"model.safetensors": WEIGHTS, "config.json": "{}"})
    (tmp_path / "model.safetensors").write_bytes(WEIGHTS)
    (tmp_path / "config.json").write_text("{}")
    values = {"folder": str(tmp_path)}
    code = "api.upload_folder(repo_id='org/again', folder_path=folder).oid"
    assert client.run(code, **values) == before
    (tmp_path / "config.json").write_text("[]")
    assert client.run(code, **values) == hub.head("org/again") != before
    assert hub.count("PUT *") == 0


def test_a_commit_on_an_old_parent_is_refused(hub: Hub, client: ClientProcess) -> None:
    first = hub.create_repo("org/race")
    second = hub.commit("org/race", {"config.json": "mine"})
    code = (
        "api.upload_file(repo_id='org/race', path_in_repo='config.json',"
        " path_or_fileobj=b'yours', parent_commit=parent).oid"
    )
    with pytest.raises(ClientError, match="The branch was updated") as error:
        client.run(code, parent=first)
    assert error.value.status == 412
    assert hub.files("org/race")["config.json"] == b"mine"
    assert client.run(code, parent=second) == hub.head("org/race")


def test_a_commit_may_come_between_two_requests(hub: Hub, client: ClientProcess) -> None:
    parent = hub.create_repo("org/between")
    hub.fault("POST */commit/main", Run(lambda: hub.commit("org/between", {"a": "first"})))
    with pytest.raises(ClientError) as error:
        client.run(
            "api.upload_file(repo_id='org/between', path_in_repo='a', path_or_fileobj=b'second',"
            " parent_commit=parent)",
            parent=parent,
        )
    assert error.value.status == 412
    assert hub.files("org/between")["a"] == b"first"


def test_a_lost_answer_is_a_commit_all_the_same(hub: Hub, client: ClientProcess) -> None:
    hub.create_repo("org/lost")
    hub.fault("POST */commit/main", LostAnswer())
    with pytest.raises(ClientError) as error:
        client.run(
            "api.upload_file(repo_id='org/lost', path_in_repo='a', path_or_fileobj=b'content')"
        )
    assert "RemoteProtocolError" in error.value.kinds
    assert hub.files("org/lost")["a"] == b"content"


def test_files_are_deleted_and_copied(hub: Hub, client: ClientProcess) -> None:
    hub.create_repo("org/edit")
    text = {"old/a": b"a", "old/b": b"b", "c": b"c"}
    hub.commit("org/edit", {"model.safetensors": WEIGHTS, **text})
    client.run(
        "api.create_commit('org/edit', [CommitOperationDelete('old/'), CommitOperationDelete('c'),"
        " CommitOperationCopy('model.safetensors', 'copy.safetensors')], commit_message='edit')"
    )
    assert hub.files("org/edit").keys() == {
        ".gitattributes",
        "model.safetensors",
        "copy.safetensors",
    }
    with pytest.raises(ClientError, match="A file with this name doesn't exist") as error:
        client.run("api.delete_file('c', 'org/edit')")
    assert "RemoteEntryNotFoundError" in error.value.kinds


def test_large_files_go_in_parts(hub: Hub, client: ClientProcess) -> None:
    hub.create_repo("org/parts")
    hub.part_bytes = 4000
    try:
        client.run(
            "api.upload_file(repo_id='org/parts', path_in_repo='w.safetensors',"
            " path_or_fileobj=bytes(range(256)) * 40)"
        )
    finally:
        hub.part_bytes = None
    assert hub.files("org/parts")["w.safetensors"] == WEIGHTS
    assert hub.count("PUT */uploads/*") == 3


def test_large_by_content_is_noted_in_gitattributes(hub: Hub, client: ClientProcess) -> None:
    hub.create_repo("org/picture")
    client.run(
        "api.upload_file(repo_id='org/picture', path_in_repo='samples.png',"
        " path_or_fileobj=b'\\x89PNG\\0\\0')"
    )
    tree = hub.repository("org/picture").commit(hub.head("org/picture")).tree
    assert tree["samples.png"].large
    assert b"samples.png filter=lfs" in hub.files("org/picture")[".gitattributes"]


def test_gitignore_leaves_files_out(hub: Hub, client: ClientProcess, tmp_path: Path) -> None:
    hub.create_repo("org/ignore")
    (tmp_path / "log").mkdir()
    for name in ("keep.txt", "log/drop.txt", "drop.tmp"):
        (tmp_path / name).write_text(name)
    (tmp_path / ".gitignore").write_text("log/\n*.tmp\n")
    client.run(
        "api.upload_folder(repo_id='org/ignore', folder_path=folder).oid", folder=str(tmp_path)
    )
    assert hub.files("org/ignore").keys() == {".gitattributes", ".gitignore", "keep.txt"}


def test_a_card_is_judged_before_anything_is_sent(hub: Hub, client: ClientProcess) -> None:
    hub.create_repo("org/card")
    code = (
        "api.upload_file(repo_id='org/card', path_in_repo='README.md',"
        " path_or_fileobj=text.encode())"
    )
    with pytest.raises(ClientError, match='"license" must be one of'):
        client.run(code, text=BAD_CARD)
    with pytest.raises(ClientError, match="bad YAML"):
        client.run(code, text="---\na: [\n---\n")
    assert hub.files("org/card").keys() == {".gitattributes"}
    client.run(code, text="no metadata")
    assert "README.md" in hub.files("org/card")


def test_branches_and_tags(hub: Hub, client: ClientProcess) -> None:
    hub.create_repo("org/refs")
    first = hub.commit("org/refs", {"a": "1"})
    client.run("api.create_branch('org/refs', branch='next')")
    second = client.run(
        "api.upload_file(repo_id='org/refs', path_in_repo='a', path_or_fileobj=b'2',"
        " revision='next').oid"
    )
    client.run("api.create_tag('org/refs', tag='v1')")
    client.run("api.create_tag('org/refs', tag='release/v2', revision=commit)", commit=second[:7])
    refs = (
        "refs = api.list_repo_refs('org/refs')\n"
        "[{ref.name: ref.target_commit for ref in refs.branches},"
        " {ref.name: ref.target_commit for ref in refs.tags}]"
    )
    assert client.run(refs) == [
        {"main": first, "next": second},
        {"v1": first, "release/v2": second},
    ]
    assert client.run("api.model_info('org/refs', revision='release/v2').sha") == second
    for code in (
        "api.create_tag('org/refs', tag='v1')",
        "api.create_branch('org/refs', branch='main')",
    ):
        with pytest.raises(ClientError) as error:
            client.run(code)
        assert error.value.status == 409
    client.run("api.create_tag('org/refs', tag='v1', exist_ok=True)")
    client.run("api.delete_tag('org/refs', tag='v1')")
    client.run("api.delete_branch('org/refs', branch='next')")
    for code in (
        "api.model_info('org/refs', revision='v1')",
        "api.delete_tag('org/refs', tag='v1')",
        "api.upload_file(repo_id='org/refs', path_in_repo='a', path_or_fileobj=b'', revision='no')",
    ):
        with pytest.raises(ClientError) as error:
            client.run(code)
        assert "RevisionNotFoundError" in error.value.kinds
    with pytest.raises(ClientError, match="Cannot delete refs/heads/main"):
        client.run("api.delete_branch('org/refs', branch='main')")


def test_history(hub: Hub, client: ClientProcess) -> None:
    shas = [hub.create_repo("org/history")]
    shas += [hub.commit("org/history", {"a": str(n)}, message=f"no. {n}") for n in range(60)]
    rows = client.run(
        "[(c.commit_id, c.title, c.authors) for c in api.list_repo_commits('org/history')]"
    )
    assert [row[0] for row in rows] == shas[::-1]
    assert rows[0][1:] == ["no. 59", ["someone"]]
    assert hub.count("GET */commits/main") == 2


def commit_lines(*lines: dict[str, object]) -> bytes:
    header = {"key": "header", "value": {"summary": "by hand"}}
    return b"\n".join(json.dumps(line).encode() for line in (header, *lines))


def test_a_commit_of_a_large_file_that_never_came_is_refused(hub: Hub) -> None:
    first = hub.create_repo("org/absent")
    auth = {"Authorization": f"Bearer {hub.token('write')}"}
    file = {"path": "w.bin", "algo": "sha256", "oid": "0" * 64, "size": 3}
    lines = commit_lines({"key": "lfsFile", "value": file})
    status, words = send(hub, "POST", "/api/models/org/absent/commit/main", lines, **auth)
    assert status == 400
    assert b"pointed to a file that does not exist" in words
    for body, code in (
        (commit_lines(), 400),
        (b"not json", 400),
        (commit_lines({"key": "file", "value": {"path": "../x", "content": ""}}), 422),
        (commit_lines({"key": "file", "value": {"path": "README.md", "content": BAD_CARD}}), 400),
    ):
        status, _ = send(hub, "POST", "/api/models/org/absent/commit/main", body, **auth)
        assert status == code
    assert hub.head("org/absent") == first


def test_the_storage_takes_only_what_was_announced(hub: Hub) -> None:
    hub.create_repo("org/storage")
    auth = {"Authorization": f"Bearer {hub.token('write')}"}
    wanted = {"oid": hashlib.sha256(WEIGHTS).hexdigest(), "size": len(WEIGHTS)}
    batch = json.dumps({"operation": "upload", "objects": [wanted]}).encode()
    path = "/org/storage.git/info/lfs/objects/batch"
    _, answer = send(hub, "POST", path, batch, **auth)
    link = json.loads(answer)["objects"][0]["actions"]["upload"]["href"]
    assert send(hub, "PUT", link, os.urandom(len(WEIGHTS)))[0] == 400
    assert send(hub, "PUT", link, WEIGHTS[:-1])[0] == 400
    assert send(hub, "PUT", link, WEIGHTS, **auth)[0] == 400
    assert send(hub, "PUT", link.replace("Signature=", "Signature=0"), WEIGHTS)[0] == 403
    assert send(hub, "PUT", link, WEIGHTS)[0] == 200
    _, answer = send(hub, "POST", path, batch, **auth)
    assert "actions" not in json.loads(answer)["objects"][0]
