"""Ctrl-C and SIGTERM leave with a checkpoint from which the run goes on bit for bit."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch

from mmgen.data import PictureData
from mmgen.training import TrainingInterrupted, train
from mmgen.training.checkpoint import CheckpointStore
from mmgen.training.signals import StopRequest


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_saves_and_says_how_to_go_on(
    toy: str,
    pictures: PictureData,
    quick: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    code: int,
) -> None:
    from mmgen_toys import ToyTrainer  # type: ignore[import-not-found]

    train(toy, pictures, config=quick, output=tmp_path / "whole", progress=False)
    path = tmp_path / "run"
    count = ToyTrainer.count

    def interrupt(trainer: Any, step: int) -> None:
        count(trainer, step)
        if step == 6:
            os.kill(os.getpid(), number)

    with monkeypatch.context() as patch:
        patch.setattr(ToyTrainer, "count", interrupt)
        with pytest.raises(TrainingInterrupted, match=r"step 7 of 12.*--resume -o") as caught:
            train(toy, pictures, config=quick, output=path, progress=False)
    assert caught.value.exit_code == code
    assert signal.getsignal(number) != StopRequest
    assert CheckpointStore(path / "checkpoints", 9).steps() == [4, 7]
    train(toy, pictures, config={}, output=path, progress=False, resume=True)
    weights = []
    for folder in (tmp_path / "whole", path):
        latest = CheckpointStore(folder / "checkpoints", 9).read_latest()
        assert latest is not None
        weights.append(latest.tensors["trainer"]["model.head.weight"])
    assert torch.equal(*weights)


def test_a_second_signal_stops_at_once_and_the_old_handlers_come_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with StopRequest() as stop:
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.signal == signal.SIGINT
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
