"""Tensors out of files: the values of the file, in memory that is aligned, and finite."""

import errno
import mmap
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from mmgen.errors import ModelFileError, OutOfMemoryError
from mmgen.hub import verdicts
from mmgen.pretrained import tensors
from mmgen.pretrained.header import read_header
from mmgen.pretrained.shards import write_tensors
from mmgen.pretrained.tensors import is_finite, read_tensors

LARGE = 2**18  # values; a megabyte of float32


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))


def like(shape: Any, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.empty(shape, dtype=dtype, device="meta")


def read(
    path: Path, *, mapped: bool = False, dtype: torch.dtype | None = None
) -> dict[str, Tensor]:
    stored = load_file(path)
    expected = {name: like(t.shape, dtype or t.dtype) for name, t in stored.items()}
    return read_tensors(read_header(path), expected, mapped=mapped)


def is_mapped(tensor: Tensor, path: Path) -> bool:
    """Whether a tensor's memory is the file's, as Linux says it."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        start, end = (int(word, 16) for word in line.split()[0].split("-"))
        if start <= tensor.data_ptr() < end:
            return line.endswith(str(path))
    raise AssertionError("in no mapping at all")


@pytest.mark.parametrize("mapped", [False, True])
@pytest.mark.parametrize("dtype", list(tensors.DTYPES.values()), ids=str)
def test_every_type_is_read_as_it_was_written(
    tmp_path: Path, dtype: torch.dtype, mapped: bool
) -> None:
    raw = torch.arange(LARGE * 4, dtype=torch.int64).to(torch.uint8) % 2
    written = {
        "large": raw.view(dtype) if dtype != torch.bool else raw.bool(),
        "odd": torch.ones(3, 5).to(dtype),
        "one": torch.ones(()).to(dtype),
        "none": torch.ones(3, 0, 2).to(dtype),
    }
    write_tensors(tmp_path / "x.safetensors", written)
    found = read(tmp_path / "x.safetensors", mapped=mapped)
    assert found.keys() == written.keys()
    for name, tensor in written.items():
        assert (found[name].dtype, found[name].shape) == (dtype, tensor.shape)
        assert found[name].view(-1).view(torch.uint8).equal(tensor.view(-1).view(torch.uint8))
        assert found[name].data_ptr() % 64 == 0
        assert found[name].untyped_storage().nbytes() == tensor.nbytes


@pytest.mark.parametrize("stored", [torch.float16, torch.bfloat16, torch.float64])
def test_another_precision_becomes_the_architectures(tmp_path: Path, stored: torch.dtype) -> None:
    values = torch.randn(3 * 2**20 + 7, dtype=torch.float64).to(stored)
    save_file({"a": values, "b": values[:5].clone()}, tmp_path / "x.safetensors")
    for mapped in (False, True):
        found = read(tmp_path / "x.safetensors", dtype=torch.float32, mapped=mapped)
        assert found["a"].dtype == torch.float32
        assert found["a"].equal(values.float())
        assert found["b"].equal(values[:5].float())


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs Linux")
def test_large_tensors_can_be_the_files_own_pages(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    write_tensors(path, {"a": torch.randn(LARGE), "b": torch.randn(9), "c": torch.randn(LARGE)})
    found = read(path, mapped=True)
    assert [is_mapped(found[name], path) for name in "abc"] == [True, False, True]
    assert not any(is_mapped(tensor, path) for tensor in read(path).values())


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs Linux")
def test_what_does_not_lie_as_torch_would_put_it_is_copied(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    save_file({"a": torch.randn(LARGE)}, path, metadata={"x": ""})
    start = read_header(path).tensors["a"].start
    assert start % 8 == 0
    for padding in range(8, 72, 8):
        save_file({"a": torch.randn(LARGE)}, path, metadata={"x": " " * padding})
        found = read(path, mapped=True)["a"]
        assert is_mapped(found, path) == (read_header(path).tensors["a"].start % 64 == 0)
        assert found.data_ptr() % 64 == 0
        assert found.equal(load_file(path)["a"])


@pytest.mark.parametrize("mapped", [False, True])
def test_to_write_into_a_tensor_leaves_the_file_alone(tmp_path: Path, mapped: bool) -> None:
    path = tmp_path / "x.safetensors"
    write_tensors(path, {"a": torch.ones(LARGE)})
    before = path.read_bytes()
    found = read(path, mapped=mapped)["a"]
    found.add_(1)
    assert path.read_bytes() == before
    assert found.equal(torch.full((LARGE,), 2.0))
    assert read(path, mapped=mapped)["a"].equal(torch.ones(LARGE))


@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_mapped_tensors_stay_when_the_file_goes(tmp_path: Path, how: str) -> None:
    path = tmp_path / "x.safetensors"
    write_tensors(path, {"a": torch.ones(LARGE)})
    found = read(path, mapped=True)["a"]
    if how == "removed":
        path.unlink()
    else:
        (tmp_path / "y").write_bytes(b"")
        (tmp_path / "y").replace(path)
    assert found.equal(torch.ones(LARGE))


def test_copied_tensors_stay_when_the_file_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    write_tensors(path, {"a": torch.ones(LARGE)})
    found = read(path)["a"]
    path.write_bytes(b"")
    assert found.equal(torch.ones(LARGE))


def test_a_system_that_cannot_map_gets_copies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))

    write_tensors(tmp_path / "x.safetensors", {"a": torch.ones(LARGE)})
    monkeypatch.setattr(mmap, "mmap", refuse)
    assert read(tmp_path / "x.safetensors", mapped=True)["a"].equal(torch.ones(LARGE))


def test_bools_are_of_the_two_values_that_there_are(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    write_tensors(path, {"a": torch.tensor([False, True, True] * LARGE)})
    data = path.read_bytes()
    path.write_bytes(data[:-2] + b"\x7f\xff")
    for mapped in (False, True):
        found = read(path, mapped=mapped)["a"]
        assert found.view(torch.uint8).unique().tolist() == [0, 1]
        assert found[-3:].tolist() == [False, True, True]


@pytest.mark.parametrize("mapped", [False, True])
@pytest.mark.parametrize("place", [0, 5, LARGE - 1])
@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
def test_what_is_not_finite_is_refused_and_named(
    tmp_path: Path, place: int, value: float, mapped: bool
) -> None:
    path = tmp_path / "x.safetensors"
    bad = torch.zeros(LARGE)
    bad[place] = value
    write_tensors(path, {"good": torch.zeros(LARGE), "bad": bad})
    with pytest.raises(ModelFileError, match="tensor 'bad' holds NaN or Inf"):
        read(path, mapped=mapped)


@pytest.mark.parametrize(
    ("stored", "value", "wanted"),
    [
        (torch.float64, 1e300, torch.float32),
        (torch.float32, 1e30, torch.float16),
        (torch.bfloat16, 1e30, torch.float16),
    ],
)
def test_what_is_too_large_for_the_architectures_type_is_refused(
    tmp_path: Path, stored: torch.dtype, value: float, wanted: torch.dtype
) -> None:
    path = tmp_path / "x.safetensors"
    write_tensors(path, {"a": torch.full((LARGE * 2,), value, dtype=stored)})
    os.utime(path, (1, 1))
    read(path)
    assert verdicts.is_known_finite(path)
    with pytest.raises(ModelFileError, match="holds NaN or Inf"):
        read(path, dtype=wanted)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_large_finite_values_are_finite(dtype: torch.dtype) -> None:
    tensor = torch.full((5_000,), torch.finfo(dtype).max, dtype=dtype)
    assert is_finite(tensor)
    tensor[-1] = torch.inf
    assert not is_finite(tensor)
    assert is_finite(torch.zeros(0))
    assert not is_finite(torch.tensor([1j * torch.inf], dtype=torch.complex64))


def test_that_a_file_is_finite_is_found_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.safetensors"
    write_tensors(path, {"a": torch.ones(LARGE)})
    os.utime(path, (1, 1))
    looked: list[Tensor] = []
    monkeypatch.setattr(tensors, "is_finite", lambda tensor: not looked.append(tensor))
    for _ in range(3):
        read(path)
    assert len(looked) == 1
    path.write_bytes(path.read_bytes())
    read(path)
    assert len(looked) == 2


def test_a_file_that_is_not_finite_is_not_remembered(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    write_tensors(path, {"a": torch.ones(LARGE), "b": torch.full((9,), torch.nan)})
    os.utime(path, (1, 1))
    for _ in range(2):
        with pytest.raises(ModelFileError, match="'b' holds NaN"):
            read(path)


@pytest.mark.parametrize("when", ["before", "between", "after"])
def test_a_file_that_changes_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    path = tmp_path / "x.safetensors"
    write_tensors(path, {"a": torch.ones(LARGE), "b": torch.ones(LARGE)})
    os.utime(path, (1, 1))
    header = read_header(path)
    data = path.read_bytes()
    copied = tensors._copied

    def meddling(*arguments: Any) -> Tensor:
        if when == "between":
            path.write_bytes(data[: len(data) // 2])
        found = copied(*arguments)
        if when == "after":
            path.write_bytes(data)
        return found

    monkeypatch.setattr(tensors, "_copied", meddling)
    if when == "before":
        path.write_bytes(data)
    with pytest.raises(ModelFileError, match=r"has changed while it was read|too soon"):
        read_tensors(header, {"a": like(LARGE), "b": like(LARGE)}, mapped=False)


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: …")]
)
def test_too_little_memory_is_said_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    path = tmp_path / "x.safetensors"
    write_tensors(path, {"a": torch.ones(LARGE)})
    header = read_header(path)
    expected = {"a": like(LARGE)}

    def refuse(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(torch, "empty", refuse)
    with pytest.raises(OutOfMemoryError, match="does not suffice for the weights in"):
        read_tensors(header, expected, mapped=False)


MEASURE = """
import os, sys
from pathlib import Path
import torch
from mmgen.pretrained.header import read_header
from mmgen.pretrained.tensors import read_tensors

def memory(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(name))

torch.set_num_threads(1)
for path in sys.argv[1:]:
    for mapped in (False, True):
        if os.fork():
            os.wait()
            continue
        header = read_header(Path(path))
        expected = {n: torch.empty(t.shape, device="meta") for n, t in header.tensors.items()}
        before = memory("VmRSS")
        found = read_tensors(header, expected, mapped=mapped)
        sum(tensor.sum().item() for tensor in found.values())
        print(memory("VmHWM") - before, sum(tensor.nbytes for tensor in found.values()), flush=True)
        os._exit(0)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
def test_weights_are_in_memory_once(tmp_path: Path) -> None:
    """As float32 and converted from float16, copied and mapped."""
    sizes = (("weight", 2**20), ("bias", 1_000))
    for name, dtype in (("whole", torch.float32), ("half", torch.float16)):
        tensors = {f"{k}{n}": torch.ones(size, dtype=dtype) for n in range(24) for k, size in sizes}
        write_tensors(tmp_path / name, tensors)
    command = [sys.executable, "-c", MEASURE, str(tmp_path / "whole"), str(tmp_path / "half")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) == 4
    for line in lines:
        peak, weights = map(int, line.split())
        assert peak <= 1.1 * weights, (peak, weights)
