"""An interrupted training and an uninterrupted one end bit for bit the same."""

from pathlib import Path
from typing import Any

import pytest
import torch

from mmgen.data import PictureData
from mmgen.training import train
from mmgen.training.checkpoint import CheckpointStore

Config = dict[str, Any]


def all_tensors(run: Path) -> dict[str, torch.Tensor]:
    """Return every tensor of a run's last checkpoint."""
    latest = CheckpointStore(run / "checkpoints", 1).read_latest()
    assert latest is not None
    files = latest.tensors
    return {f"{file}/{name}": t for file, tensors in files.items() for name, t in tensors.items()}


def assert_same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> None:
    assert a.keys() == b.keys()
    differing = [name for name in a if not torch.equal(a[name], b[name])]
    assert not differing


@pytest.mark.parametrize("two_stages", [False, True])
@pytest.mark.parametrize("accumulate", [1, 2])
def test_interrupted_equals_uninterrupted(
    toy: str,
    pictures: PictureData,
    quick: Config,
    tmp_path: Path,
    accumulate: int,
    two_stages: bool,
) -> None:
    quick["training"]["accumulate"] = accumulate
    quick["trainer"] = {"frozen_stage": two_stages}
    train(toy, pictures, config=quick, output=tmp_path / "whole", progress=False)
    torch.manual_seed(99)  # what the outer program does must not matter
    for _ in range(30):
        stopping = {**quick, "training": {**quick["training"], "max_minutes": 0.0}}
        run = train(
            toy, pictures, config=stopping, output=tmp_path / "parts", progress=False,
            resume=(tmp_path / "parts").exists(),
        )  # fmt: skip
        torch.rand(3)
        if run.finished:
            break
    assert run.finished
    assert run.steps == (24 if two_stages else 12)
    assert_same(all_tensors(tmp_path / "whole"), all_tensors(tmp_path / "parts"))
