"""Files of weights that others read too, and whose tensors can be used where they lie."""

from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from mmgen.errors import UnsupportedOperationError
from mmgen.pretrained.header import MAX_TENSORS, read_header
from mmgen.pretrained.shards import split, write_tensors


def test_other_readers_find_the_same_tensors(tmp_path: Path) -> None:
    written = {
        "é.weight": torch.randn(3, 4),
        "half": torch.randn(5).half(),
        "brain": torch.randn(5).bfloat16(),
        "turned": torch.randn(4, 6).T,
        "one": torch.tensor(5),
        "none": torch.zeros(0, 3),
        "flags": torch.tensor([True, False, True]),
    }
    write_tensors(tmp_path / "x.safetensors", written)
    found = load_file(tmp_path / "x.safetensors")
    assert found.keys() == written.keys()
    for name, tensor in written.items():
        assert found[name].dtype == tensor.dtype
        assert found[name].equal(tensor)
    with safe_open(tmp_path / "x.safetensors", framework="pt") as file:
        assert file.metadata() == {"format": "pt"}


def test_the_order_of_the_tensors_does_not_matter(tmp_path: Path) -> None:
    tensors = {name: torch.full((number,), 1.0) for number, name in enumerate("xbca", start=7)}
    write_tensors(tmp_path / "a", tensors)
    write_tensors(tmp_path / "b", dict(reversed(tensors.items())))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("extra", range(0, 70, 9))
def test_large_tensors_are_aligned_whatever_is_beside_them(tmp_path: Path, extra: int) -> None:
    tensors = {"a" * (extra + 1): torch.ones(3), "b": torch.ones(16, 3), "c": torch.ones(7, 16)}
    write_tensors(tmp_path / "x", tensors)
    stored = read_header(tmp_path / "x").tensors
    assert [stored[name].start % 64 for name in "bc"] == [0, 0]


def test_no_file_has_more_tensors_than_can_be_read() -> None:
    tensors = {str(number): torch.zeros(0) for number in range(2 * MAX_TENSORS + 1)}
    assert [len(shard) for shard in split(tensors, 10**9)] == [MAX_TENSORS, MAX_TENSORS, 1]


def test_a_type_that_no_file_holds_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedOperationError, match=r"'a' is torch\.complex128"):
        write_tensors(tmp_path / "x", {"a": torch.zeros(3, dtype=torch.complex128)})
