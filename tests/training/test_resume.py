"""An interrupted training and an uninterrupted one end bit for bit the same."""

from pathlib import Path
from typing import Any

import pytest
import torch

from mmgen.data import PictureData
from mmgen.errors import TrainingError
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


def test_more_steps_stretch_the_schedule_and_that_is_told(
    toy: str,
    pictures: PictureData,
    quick: Config,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    quick["training"] |= {"schedule": "cosine", "steps": 4}
    train(toy, pictures, config=quick, output=tmp_path / "run")
    longer = {"training": {"steps": 6}}
    train(toy, pictures, config=longer, output=tmp_path / "run", resume=True)
    assert "4 steps become 6: the learning rate goes on as if" in capsys.readouterr().err


def test_fewer_steps_than_were_taken_are_refused(
    toy: str, pictures: PictureData, quick: Config, tmp_path: Path
) -> None:
    quick["training"]["steps"] = 4
    train(toy, pictures, config=quick, output=tmp_path / "run", progress=False)
    fewer = {"training": {"steps": 2}}
    with pytest.raises(TrainingError, match="has taken 4 steps; 2 lie behind it"):
        train(toy, pictures, config=fewer, output=tmp_path / "run", resume=True, progress=False)
