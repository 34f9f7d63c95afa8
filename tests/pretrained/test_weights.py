"""safetensors: what is damaged, foreign or not the architecture's is refused and named."""

import json
import pickle
import struct
from pathlib import Path
from typing import Any

import pytest
import torch

from mmgen.errors import ModelFileError
from mmgen.pretrained import load_folder

Tensors = dict[str, torch.Tensor]


def framed(text: bytes) -> bytes:
    return struct.pack("<Q", len(text)) + text


def header(entries: Any) -> bytes:
    return framed(json.dumps(entries).encode())


def nested(depth: int) -> Any:
    return [nested(depth - 1)] if depth else 1


def tensor(offsets: list[Any]) -> dict[str, Any]:
    return {"dtype": "F32", "shape": [1], "data_offsets": offsets}


def truncate(data: bytes) -> bytes:
    return data[: len(data) // 2]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda data: b"", r"is empty or truncated \(0 bytes\)"),
        (lambda data: data[:5], "is empty or truncated"),
        (lambda data: data[:100], "truncated"),
        (truncate, "is truncated|truncated"),
        (lambda data: data[:-1], "is truncated"),
        (lambda data: b"version https://git-lfs.github.com/spec/v1\noid sha256:a\n", "LFS pointer"),
        (lambda data: b"<!DOCTYPE html><html><body>Not found</body></html>", "web page"),
        (lambda data: b"\n  <html></html>     ", "web page"),
        (lambda data: pickle.dumps({"a": list(range(20))}), "pickle, which mmgen never opens"),
        (lambda data: b"PK\x03\x04" + b"\0" * 60, "pickle, which mmgen never opens"),
        (lambda data: b"hello world, this is text", "not a safetensors file"),
        (lambda data: struct.pack("<Q", 5) + b"{{{{{" + b"x" * 20, "header cannot be read"),
        (lambda data: header([1, 2]), "not an object"),
        (lambda data: struct.pack("<Q", 60_000) + b"[" * 60_000, "nested more than 40 deep"),
        (lambda data: header({"a": nested(45)}), "nested more than 40 deep"),
        (lambda data: header({"a": nested(20)}), "must have dtype, shape and data_offsets"),
        (lambda data: header({f"t{n}": 0 for n in range(10_001)}), "10001 tensors; at most 10000"),
        (lambda data: header({f"t{n}": {} for n in range(200_001)}), "more than 150000 values"),
        (lambda data: struct.pack("<Q", 9 * 2**20) + b" " * (9 * 2**20), "not a safetensors"),
        (lambda data: header({"a": 5}), "damaged"),
        (lambda data: header({"a": tensor([0, "x"])}), "damaged"),
        (lambda data: header({"a": tensor([])}), "damaged"),
        (lambda data: header({"a": tensor([0, 4])}) + b"1234" + b"5", "1 bytes follow the last"),
        (lambda data: header({"a": tensor([2, 6])}) + b"123456", "'a' comes after a gap"),
        (lambda data: header({"a": tensor([0, 4]), "b": tensor([2, 6])}) + b"123456", "'b' overl"),
        (lambda data: header({"a": tensor([0, 4]), "b": tensor([0, 4])}) + b"1234", "'b' overl"),
        (lambda data: header({"a": tensor([0, 8])}) + b"12345678", "cannot have bytes 0 to 8"),
        (lambda data: header({"a": tensor([4, 0])}) + b"1234", "cannot have bytes 4 to 0"),
        (lambda data: header({"a": tensor([-4, 0])}), "must have two places"),
        (lambda data: header({"a": tensor([False, 4])}) + b"1234", "must have two places"),
        (lambda data: header({"a": tensor([0, 10**30])}), "must have two places"),
        (lambda data: header({"a": tensor([0, 2**62]) | {"shape": [2**60]}}), "is truncated"),
        (lambda data: header({"a": tensor([0, 4]) | {"shape": [1.0]}}) + b"1234", "sizes as shape"),
        (lambda data: header({"a": tensor([0, 4]) | {"shape": [1] * 65}}) + b"1234", "up to 64"),
        (lambda data: header({"a": tensor([0, 4]) | {"shape": "1"}}) + b"1234", "sizes as shape"),
        (lambda data: header({"a": tensor([0, 4]) | {"dtype": "F31"}}) + b"1234", "dtype 'F31'"),
        (lambda data: header({"a": tensor([0, 4]) | {"dtype": ["F32"]}}) + b"1234", "dtype "),
        (lambda data: header({"a": tensor([0, 4]) | {"more": 1}}) + b"1234", "must have dtype"),
        (lambda data: header({"__metadata__": {"a": 1}}), "__metadata__ must hold texts"),
        (lambda data: header({"__metadata__": 5}), "__metadata__ must hold texts"),
        (lambda data: framed(b'{"a": 1, "a": 1}'), "names 'a' twice"),
        (lambda data: framed(b'{"a": {"shape": 1, "shape": 1}}'), "names 'shape' twice"),
        (lambda data: framed(b'{"a": NaN}'), "NaN is not a number"),
        (lambda data: framed(b'{"a\\ud800": 1}'), "half a character"),
        (lambda data: framed(b'{"a\xff": 1}'), "byte 3 is not UTF-8"),
        (lambda data: framed(b'{"a": 1' + b"0" * 5000 + b"}"), "header cannot be read"),
        (lambda data: framed('{"a": 1}'.encode("utf-16")), "header cannot be read|UTF-8"),
        (lambda data: framed(json.dumps({"x" * 10**6: 5}).encode()), "damaged: tensor 'xxx"),
    ],
)
def test_a_damaged_file_is_named_and_what_it_looks_like(
    saved: Path, damage: Any, words: str
) -> None:
    path = saved / "model.safetensors"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ModelFileError, match=words) as caught:
        load_folder(saved)
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_flipped_length_never_takes_the_memory(saved: Path) -> None:
    path = saved / "model.safetensors"
    data = path.read_bytes()
    path.write_bytes(struct.pack("<Q", 2**62) + data[8:])
    with pytest.raises(ModelFileError, match="not a safetensors file"):
        load_folder(saved)


def drop(name: str) -> Any:
    return lambda tensors: {key: value for key, value in tensors.items() if key != name}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (drop("hidden.weight"), "lacks 1 tensors of this architecture, first 'hidden.weight'"),
        (lambda t: t | {"more": torch.zeros(1)}, "'more' does not belong to this architecture"),
        (lambda t: t | {"hidden.bias": torch.zeros(3)}, r"must have shape \(12,\); got \(3,\)"),
        (lambda t: t | {"hidden.bias": t["hidden.bias"].int()}, "must be .*float32; got .*int32"),
        (lambda t: t | {"hidden.bias": t["hidden.bias"] * torch.nan}, "'hidden.bias' holds NaN"),
        (lambda t: t | {"hidden.bias": t["hidden.bias"] / 0}, "holds NaN or Inf"),
        (lambda t: {}, "lacks"),
        (lambda t: {"x": torch.zeros(5)}, "does not belong"),
    ],
)
def test_tensors_that_are_not_the_architectures_are_named(
    saved: Path, edit_tensors: Any, change: Any, words: str
) -> None:
    edit_tensors(change)
    with pytest.raises(ModelFileError, match=words):
        load_folder(saved)


def test_missing_weights_are_named_and_pickles_are_not_opened(saved: Path) -> None:
    (saved / "model.safetensors").unlink()
    with pytest.raises(ModelFileError, match=r"has no model\.safetensors$"):
        load_folder(saved)
    (saved / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(ModelFileError, match=r"pytorch_model\.bin is a pickle, which mmgen never"):
        load_folder(saved)


def test_the_weights_of_a_part_are_checked_too(saved: Path) -> None:
    (saved / "label" / "model.safetensors").write_bytes(b"")
    with pytest.raises(ModelFileError, match=r"label.model\.safetensors is empty"):
        load_folder(saved)


@pytest.fixture
def sharded(saved: Path) -> Path:
    """The same model with its weights in two shards."""
    from safetensors.torch import load_file, save_file

    tensors = load_file(saved / "model.safetensors")
    (saved / "model.safetensors").unlink()
    names = sorted(tensors)
    places = {}
    for number, part in enumerate((names[:3], names[3:]), start=1):
        name = f"model-{number:05d}-of-00002.safetensors"
        save_file({key: tensors[key] for key in part}, saved / name)
        places |= dict.fromkeys(part, name)
    (saved / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}))
    return saved


def test_shards_are_read_together(sharded: Path) -> None:
    assert load_folder(sharded)


@pytest.mark.parametrize(
    ("index", "words"),
    [
        ("{", "is not a shard index"),
        ("[]", "is not a shard index"),
        ('{"weight_map": 5}', "is not a shard index"),
        ('{"weight_map": {"a": ["x"]}}', "is not a shard index"),
        (
            '{"weight_map": {"a": "missing.safetensors"}}',
            "'missing.safetensors', which is not beside",
        ),
        ('{"weight_map": {"a": "../model.safetensors"}}', "not the name of a file"),
        ('{"weight_map": {"a": "/etc/passwd"}}', "not the name of a file"),
        ('{"weight_map": {"a": "a\\u0000b"}}', "not the name of a file"),
        ('{"weight_map": {"a": "x", "a": "y"}}', "names 'a' twice"),
        ("[" * 1000, "is not a shard index"),
        (" " * (9 * 2**20), "larger than 8 MB"),
        ('{"weight_map": {}}', "it names no file"),
    ],
)
def test_a_damaged_index_is_named(sharded: Path, index: str, words: str) -> None:
    (sharded / "model.safetensors.index.json").write_text(index)
    with pytest.raises(ModelFileError, match=words):
        load_folder(sharded)


def test_a_tensor_in_two_shards_is_refused(sharded: Path) -> None:
    first, second = sorted(sharded.glob("model-*.safetensors"))
    second.write_bytes(first.read_bytes())
    with pytest.raises(ModelFileError, match="is in another shard too"):
        load_folder(sharded)


def test_a_missing_shard_is_refused(sharded: Path) -> None:
    sorted(sharded.glob("model-*.safetensors"))[1].unlink()
    with pytest.raises(ModelFileError, match="not beside it"):
        load_folder(sharded)
