"""Room for many pictures: a file that nobody sees, and none where there is no disk for it."""

import gc
import resource
import tempfile
from pathlib import Path

import pytest
import torch

from mmgen.errors import OutputError
from mmgen.metrics.room import room_for


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("in_memory", [0, 10**6])
def test_it_holds_what_is_put_in(folder: Path, in_memory: int) -> None:
    room = room_for((7, 3, 4, 5), in_memory)
    assert (room.shape, room.dtype, int(room.sum())) == ((7, 3, 4, 5), torch.uint8, 0)
    pictures = torch.randint(0, 256, (7, 3, 4, 5), dtype=torch.uint8)
    room[torch.arange(7)] = pictures
    part = room[2:]
    del room
    gc.collect()
    assert torch.equal(part, pictures[2:])
    assert list(folder.iterdir()) == []


def test_a_disk_without_the_room_is_said_at_once(folder: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(OutputError):
            room_for((100, 1, 32, 32), 0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(folder.iterdir()) == []
