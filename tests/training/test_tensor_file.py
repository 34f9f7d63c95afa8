"""Tensor files: bit for bit, shared storage once, damage in words."""

from pathlib import Path

import pytest
import torch

from mmgen.errors import OutputError, TrainingError
from mmgen.training.tensor_file import read_tensors, write_tensors


def test_what_is_written_is_read_bit_for_bit(tmp_path: Path) -> None:
    weight = torch.randn(3, 4, dtype=torch.float64)
    tensors = {
        "transposed": weight.t(),
        "slice": weight[1:, 2:],
        "count": torch.tensor(7),
        "half": torch.tensor([float("nan"), 1.5], dtype=torch.bfloat16),
        "empty": torch.zeros(0),
    }
    write_tensors(tmp_path / "x.safetensors", tensors)
    read = read_tensors(tmp_path / "x.safetensors")
    assert read.keys() == tensors.keys()
    for name, tensor in tensors.items():
        torch.testing.assert_close(read[name], tensor, rtol=0, atol=0, equal_nan=True)


def test_tied_tensors_are_written_once_and_read_twice(tmp_path: Path) -> None:
    weight = torch.randn(1000)
    write_tensors(tmp_path / "x.safetensors", {"a": weight, "b": weight})
    assert (tmp_path / "x.safetensors").stat().st_size < 5000
    read = read_tensors(tmp_path / "x.safetensors")
    assert torch.equal(read["b"], weight)


@pytest.mark.parametrize("content", [b"", b"garbage" * 100])
def test_damage_is_an_error_that_names_the_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    with pytest.raises(TrainingError, match=r"x\.safetensors cannot be read"):
        read_tensors(path)


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    write_tensors(path, {"a": torch.randn(100)})
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(TrainingError, match="cannot be read"):
        read_tensors(path)


def test_a_folder_that_is_not_there_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="could not be written"):
        write_tensors(tmp_path / "missing" / "x.safetensors", {"a": torch.ones(2)})
