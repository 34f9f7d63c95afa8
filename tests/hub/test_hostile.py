"""What a stranger may have put into a repository does no harm, and is refused in words."""

import json
import struct
from pathlib import Path
from typing import Any

import pytest
from hub_server import Answer, FlipByte, Hub, Redirect
from hub_server.faults import Effect
from hub_user import User

Files = dict[str, bytes]

WEIGHTS = "model.safetensors"


def pack(header: bytes, data: bytes = b"", *, length: int | None = None) -> bytes:
    return struct.pack("<Q", len(header) if length is None else length) + header + data


def unpack(weights: bytes) -> tuple[dict[str, Any], bytes]:
    (length,) = struct.unpack("<Q", weights[:8])
    return json.loads(weights[8 : 8 + length]), weights[8 + length :]


def changed(files: Files, **changes: Any) -> bytes:
    return json.dumps(json.loads(files["config.json"]) | changes).encode()


@pytest.mark.parametrize(
    "path",
    [
        "../outside.json",
        "part/../../outside.json",
        "../../../../../../outside.safetensors",
        "/outside.json",
        "part//outside.json",
        "./config.json",
        "part/./config.json",
        "..\\outside.json",
        "part\\outside.json",
        "C:\\outside.json",
        "C:/outside.json",
        "a\0b.json",
        "..",
        "../outside.bin",
    ],
)
def test_names_that_lead_out_of_the_folder(hub: Hub, puller: User, repo: str, path: str) -> None:
    hub.commit(repo, {path: b"{}"})
    before = set(puller.home.parent.rglob("*outside.*"))
    hub.requests.clear()
    words = puller.is_refused("ModelFileError", "leads out of its folder", repo)
    assert "nothing was fetched" in words
    assert hub.count("GET */resolve*") == hub.count("GET /files/*") == 0
    assert set(puller.home.parent.rglob("*outside.*")) == before
    assert not puller.blobs(repo)


def test_only_pickles(hub: Hub, puller: User, models: list[Files], repo: str) -> None:
    for name in ("pytorch_model.bin", "model.pt", "model.pth", "model.ckpt", "model.pkl"):
        hub.commit(repo, {WEIGHTS: None, name: b"\x80\x02cos\nsystem\n."})
        hub.requests.clear()
        words = puller.is_refused("ModelFileError", f"{name} is a pickle", repo)
        assert "ask its owner for safetensors" in words
        assert hub.count("* /files/*") == 0
        hub.commit(repo, {name: None, WEIGHTS: models[0][WEIGHTS]})


def test_what_is_no_safetensors_file(
    hub: Hub, puller: User, models: list[Files], repo: str
) -> None:
    sound = models[0][WEIGHTS]
    header, data = unpack(sound)
    first, *others = (name for name in header if name != "__metadata__")
    extra = {"dtype": "F32", "shape": [1], "data_offsets": [len(data), len(data) + 4]}
    flat = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    million = ",".join(
        f'"{number}":{{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}'
        for number in range(100_001)
    )
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 9\n"
    nan = data[:-4] + struct.pack("<f", float("nan"))
    without = {name: header[name] for name in others if name != "__metadata__"}

    def dump(entries: dict[str, Any]) -> bytes:
        return json.dumps(entries).encode()

    for weights, words in (
        (b"", "empty or truncated"),
        (sound[:-1], "truncated|damaged"),
        (pack(b"{}", length=2**63), "not a safetensors file"),
        (pack(b"{" + b" " * (9 * 2**20) + b"}"), "not a safetensors file"),
        (pack(f"{{{million}}}".encode()), "tensors|values|not a safetensors file"),
        (pack(b"[" * 100_000), "not a safetensors file"),
        (pack(b"\xff\xfe"), "not a safetensors file"),
        (pointer, "Git LFS pointer"),
        (b"<!doctype html><title>Sign in</title>", "web page"),
        (b"\x80\x04\x95cos\nsystem\n", "pickle"),
        (b"PK\x03\x04" + b"\0" * 60, "pickle"),
        (pack(dump(header | {"more": extra}), data + b"\0" * 4), "'more' does not belong"),
        (pack(dump({first: flat}), b"\0" * 8), f"{first!r} must have shape"),
        (pack(dump(header), nan), "NaN or Inf"),
        (pack(dump({})), "lacks"),
        (pack(dump(without), data), "lacks|damaged"),
    ):
        hub.commit(repo, {WEIGHTS: weights})
        puller.is_refused("ModelFileError", words, repo)
    hub.commit(repo, {WEIGHTS: sound})
    puller.load(repo)


def test_configs_of_strangers(hub: Hub, puller: User, models: list[Files], repo: str) -> None:
    files = models[0]
    deep = b'{"config": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    huge = changed(files, summary="x" * (9 * 2**20))
    architecture = "os:system"
    for config, kind, words in (
        (b"", "ModelFileError", "JSON"),
        (b"\xff", "ModelFileError", "JSON|UTF-8"),
        (b"../../secret.json", "ModelFileError", "JSON"),  # a symbolic link, as the Hub serves it
        (b"[]", "ModelFileError", "object"),
        (deep, "ModelFileError", "JSON|nested"),
        (huge, "ModelFileError", r"larger than \d MB"),
        (b'{"model_type": "bert"}', "ModelFileError", "not written by mmgen"),
        (changed(files, format=2), "ModelFileError", "pip install --upgrade mmgen-core"),
        (changed(files, auto_map={"AutoModel": "modeling.Evil"}), "ModelFileError", "unknown key"),
        (changed(files, architecture=architecture), "ModelFileError|UnknownNameError", "os:system"),
        (changed(files, architecture="mmgen.testing.tiny.network:TinyNet"), ".*", "unknown"),
        (
            changed(files, config={"hidden": 10**12}),
            "ModelFileError",
            "shape|cannot be built|memory",
        ),
        (changed(files, config={"hidden": "__import__('os')"}), "ModelFileError", "hidden"),
        (changed(files, config={"network": "os:system"}), "ModelFileError", "network"),
        (changed(files, parts=["../../x"]), "ModelFileError", "not the name of a file"),
        (changed(files, parts=["/etc"]), "ModelFileError", "not the name of a file"),
        (changed(files, assets=["..\\x"]), "ModelFileError", "not the name of a file"),
        (changed(files, parts=["lost"]), "ModelFileError", "lost"),
    ):
        hub.commit(repo, {"config.json": config})
        puller.is_refused(kind, words, repo)
    hub.commit(repo, {"config.json": files["config.json"]})
    puller.load(repo)


def test_a_family_that_is_not_installed(
    hub: Hub, puller: User, models: list[Files], repo: str
) -> None:
    plugin = {"name": "mmgen-plugin-cloud", "version": "1.0"}
    for changes, words in (
        ({"family": "cloud", "plugin": plugin}, "run: pip install mmgen-plugin-cloud$"),
        ({"family": "cloud", "plugin": {"name": "evil; rm -rf ~"}}, "no plugin brings family"),
        ({"family": "cloud", "plugin": {"name": "--index-url=x"}}, "no plugin brings family"),
        ({"family": "tinny", "plugin": {}}, "did you mean 'tiny'"),
    ):
        hub.commit(repo, {"config.json": changed(models[0], **changes)})
        words = puller.is_refused("NotInstalledError", words, repo)
        assert "rm -rf" not in words


def test_text_without_end_is_not_fetched(hub: Hub, puller: User, repo: str) -> None:
    hub.commit(repo, {"more.json": b"[" + b" " * (64 * 2**20)})
    hub.requests.clear()
    puller.is_refused("ModelFileError", "more.json has 67108865 bytes", repo)
    assert hub.count("* /files/*") == hub.count("*more.json") == 0


def test_more_files_than_a_model_has(hub: Hub, puller: User, repo: str) -> None:
    hub.commit(repo, {f"{number}.json": b"" for number in range(2001)})
    puller.is_refused("ModelFileError", "more than 2000 files", repo)
    assert not puller.blobs(repo)


def test_names_that_are_patterns_are_taken_as_they_are(
    hub: Hub, puller: User, models: list[Files], repo: str
) -> None:
    names = ("[a].json", "*.json", "?.txt", "a b%20c.json", "ü.json", "-rf.json", "~.json")
    commit = hub.commit(repo, dict.fromkeys(names, b"{}"))
    puller.load(repo)
    assert set(puller.cached(repo, commit)) == {*models[0], *names}


def test_code_is_never_fetched(hub: Hub, puller: User, repo: str) -> None:
    names = ("modeling.py", "plugin.py", "setup.py", "lib.so", "a.json.py", "config.json.pkl")
    commit = hub.commit(repo, dict.fromkeys(names, b"raise SystemExit('code ran')"))
    puller.load(repo)
    assert not puller.cached(repo, commit).keys() & set(names)


def test_a_link_in_the_cache_is_not_followed_to_be_believed_or_removed(
    hub: Hub, puller: User, models: list[Files], repo: str, tmp_path: Path
) -> None:
    loaded = puller.load(repo)
    outside = tmp_path / "blobs.safetensors"
    outside.write_bytes(models[1][WEIGHTS])
    link = puller.folder(repo) / "snapshots" / loaded.revision / WEIGHTS
    link.unlink()
    link.symlink_to(outside)
    again = puller.load(repo)
    assert again.pictures == loaded.pictures
    assert f"{WEIGHTS} is damaged" in again.heard[0]
    assert outside.read_bytes() == models[1][WEIGHTS]


@pytest.mark.parametrize(
    ("pattern", "effect"),
    [
        ("GET /api/models/*", Answer(200, "welcome to the guests' network")),
        ("GET /api/models/*/tree/*", Answer(200, "welcome to the guests' network")),
        ("GET /api/models/*", FlipByte(0)),
        ("HEAD /org/*", Redirect("file:///somewhere")),
    ],
)
def test_what_is_no_hub_is_said(
    hub: Hub, puller: User, repo: str, pattern: str, effect: Effect
) -> None:
    hub.fault(pattern, effect, times=None)
    words = puller.is_refused("HubError", "is no Hub", repo)
    assert f"what answers at {hub.url}" in words
    hub.faults.clear()
    puller.load(repo)
