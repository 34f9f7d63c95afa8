"""Xet with the real client, over HTTP; and a Hub without it."""

import hashlib
import random
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub_server import ClientError, ClientProcess, Drop, FlipByte, Hub, serve, xet_formats
from hub_server.repository import Repository, Settings
from hub_server.xet_store import XetStore


@pytest.fixture(scope="module")
def xet_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with serve(tmp_path_factory.mktemp("hub"), xet=True) as hub:
        yield hub


@pytest.fixture(scope="module")
def xet_client(xet_hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClientProcess]:
    home = tmp_path_factory.mktemp("home")
    with ClientProcess(xet_hub, home, token=xet_hub.token("write"), xet=True) as client:
        yield client


def weights(seed: int) -> bytes:
    """Return what Xet packs in each of its ways: numbers, text, noise; of an odd length."""
    draw = random.Random(seed)
    numbers = struct.pack("<60000f", *(draw.gauss(0, 1) for _ in range(60000)))
    return numbers + b"abcdefgh" * 40000 + draw.randbytes(150001)


def test_round_trip(xet_hub: Hub, xet_client: ClientProcess, tmp_path: Path) -> None:
    content = weights(0)
    xet_hub.create_repo("org/round")
    (tmp_path / "model.safetensors").write_bytes(content)
    (tmp_path / "config.json").write_text("{}")
    xet_client.run("api.upload_folder(repo_id='org/round', folder_path=f).oid", f=str(tmp_path))
    assert xet_hub.files("org/round")["model.safetensors"] == content
    assert xet_hub.count("POST */info/lfs/*") == 0
    folder = Path(xet_client.run("snapshot_download('org/round')"))
    assert (folder / "model.safetensors").read_bytes() == content
    assert xet_hub.count("GET /xorbs/*") > 0
    sha256, xet_hash = xet_client.run(
        "row = api.get_paths_info('org/round', 'model.safetensors')[0]\n"
        "[row.lfs.sha256, row.xet_hash]"
    )
    assert sha256 == hashlib.sha256(content).hexdigest()
    assert len(xet_hash) == 64


def test_seeded_files_come_by_xet_too(xet_hub: Hub, xet_client: ClientProcess) -> None:
    content = weights(1)
    xet_hub.create_repo("org/seeded")
    xet_hub.commit("org/seeded", {"model.safetensors": content})
    xet_hub.requests.clear()
    path = xet_client.run("hf_hub_download('org/seeded', 'model.safetensors')")
    assert Path(path).read_bytes() == content
    assert xet_hub.count("GET /xorbs/*") == 1
    assert xet_hub.count("GET /files/*") == 0


def test_a_client_without_xet_reads_them(xet_hub: Hub, tmp_path: Path) -> None:
    content = weights(2)
    xet_hub.create_repo("org/mixed")
    xet_hub.commit("org/mixed", {"model.safetensors": content})
    with ClientProcess(xet_hub, tmp_path) as client:
        path = client.run("hf_hub_download('org/mixed', 'model.safetensors')")
    assert Path(path).read_bytes() == content


def test_a_flipped_byte_goes_unseen_with_xet_too(xet_hub: Hub, xet_client: ClientProcess) -> None:
    content = weights(3)
    xet_hub.create_repo("org/flip")
    xet_hub.commit("org/flip", {"model.safetensors": content})
    xet_hub.fault("GET /xorbs/*", FlipByte(at=100))
    got = Path(xet_client.run("hf_hub_download('org/flip', 'model.safetensors')")).read_bytes()
    assert [n for n in range(len(content)) if got[n] != content[n]] == [92]


def test_a_dropped_download_finishes(xet_hub: Hub, xet_client: ClientProcess) -> None:
    content = weights(4)
    xet_hub.create_repo("org/drop")
    xet_hub.commit("org/drop", {"model.safetensors": content})
    drop = xet_hub.fault("GET /xorbs/*", Drop(after_bytes=1000))
    path = xet_client.run("hf_hub_download('org/drop', 'model.safetensors')")
    assert Path(path).read_bytes() == content
    assert drop.struck == 1


def test_a_file_that_is_not_what_its_sha256_says(xet_hub: Hub, xet_client: ClientProcess) -> None:
    xet_hub.create_repo("org/liar")
    with pytest.raises(ClientError, match="400 Bad Request"):
        xet_client.run(
            "file = CommitOperationAdd('w.bin', b'weights')\n"
            "file.upload_info.sha256 = bytes(32)\n"
            "api.create_commit('org/liar', [file], commit_message='wrong')"
        )
    assert xet_hub.files("org/liar").keys() == {".gitattributes"}


def test_a_token_to_write_is_for_those_who_may(xet_hub: Hub, xet_client: ClientProcess) -> None:
    xet_hub.create_repo("org/tokens")
    code = (
        "from huggingface_hub.utils import get_session\n"
        "headers = {'Authorization': 'Bearer ' + token}\n"
        "path = '/api/models/org/tokens/xet-' + kind + '-token/main'\n"
        "get_session().get(api.endpoint + path, headers=headers).status_code"
    )
    reader, writer = xet_hub.token("read"), xet_hub.token("write")
    assert xet_client.run(code, token=reader, kind="read") == 200
    assert xet_client.run(code, token=reader, kind="write") == 403
    assert xet_client.run(code, token=writer, kind="write") == 200


def test_a_hub_without_xet_fails_as_the_client_does(hub: Hub, tmp_path: Path) -> None:
    hub.create_repo("org/without")
    (tmp_path / "model.safetensors").write_bytes(b"weights\0")
    with (
        ClientProcess(hub, tmp_path / "home", token=hub.token("write"), xet=True) as client,
        pytest.raises(ClientError) as error,
    ):
        client.run("api.upload_folder(repo_id='org/without', folder_path=f)", f=str(tmp_path))
    assert error.value.kind == "ConnectionError"
    assert hub.files("org/without").keys() == {".gitattributes"}


def test_ranges_of_a_file(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository", Settings("org/a", "now"))
    store, content = XetStore(tmp_path / "xet"), weights(5)
    file = store.file(store.seed(repository, content))
    draw, edge = random.Random(0), xet_formats.CHUNK_BYTES
    spans = [sorted(draw.sample(range(len(content) + 1), 2)) for _ in range(20)]
    for start, stop in [*spans, (edge, 2 * edge), (edge - 1, edge), (edge, edge + 1)]:
        answer = store.reconstruction(file, start, stop)
        got = b""
        for term, part in zip(answer["terms"], *answer["fetch_info"].values(), strict=True):
            span = part["url_range"]
            xorb = store.xorb(term["hash"]).read_bytes()[span["start"] : span["end"] + 1]
            piece = b"".join(xet_formats.unpack(xorb, xet_formats.find_chunks(xorb)))
            assert len(piece) == term["unpacked_length"]
            got += piece
        skip = answer["offset_into_first_range"]
        assert skip < edge
        assert got[skip:][: stop - start] == content[start:stop]
