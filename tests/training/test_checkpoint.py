"""Checkpoints: whole or absent, the latest few kept, damage named."""

import errno
from pathlib import Path
from typing import Any

import pytest
import torch

from mmgen.errors import OutputError, TrainingError
from mmgen.training import tensor_file
from mmgen.training.checkpoint import Checkpoint, CheckpointStore


def content(value: float) -> Checkpoint:
    return Checkpoint({"value": value}, {"trainer": {"weight": torch.full((3,), value)}})


def test_the_latest_is_read_and_only_the_last_few_stay(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path / "checkpoints", keep=2)
    assert store.read_latest() is None
    for step in (5, 100, 20):
        store.write(step, content(step))
    assert store.steps() == [20, 100]
    latest = store.read_latest()
    assert latest is not None
    assert latest.state["value"] == 100
    assert latest.tensors["trainer"]["weight"].tolist() == [100.0] * 3


def test_checkpoints_hold_nothing_but_safetensors_and_json(tmp_path: Path) -> None:
    path = CheckpointStore(tmp_path, keep=1).write(1, content(1))
    assert {file.suffix for file in path.iterdir()} == {".safetensors", ".json"}


def test_a_full_disk_leaves_the_earlier_checkpoint_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = CheckpointStore(tmp_path, keep=1)
    store.write(1, content(1))

    def full(tensors: Any, path: Path, **_: Any) -> None:
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tensor_file, "save_file", full)
    with pytest.raises(OutputError, match="No space left"):
        store.write(2, content(2))
    monkeypatch.undo()
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000001"]
    latest = store.read_latest()
    assert latest is not None
    assert latest.state["value"] == 1


def test_what_a_killed_process_left_is_no_checkpoint(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path, keep=2)
    (tmp_path / ".step-00000009.new").mkdir(parents=True)
    assert store.steps() == []
    store.write(9, content(9))
    assert store.steps() == [9]


@pytest.mark.parametrize("file", ["trainer.safetensors", "state.json"])
def test_a_damaged_checkpoint_is_named_with_the_one_before(tmp_path: Path, file: str) -> None:
    store = CheckpointStore(tmp_path, keep=2)
    store.write(1, content(1))
    store.write(2, content(2))
    (store.path(2) / file).write_bytes(b"{")
    with pytest.raises(TrainingError, match=r"step-00000002 is damaged.*remove it to go on from"):
        store.read_latest()
