"""What the extra `train` brings, and what is said where it is missing."""

import sys
from pathlib import Path

import pytest

from mmgen.errors import NotInstalledError
from mmgen.training.config import TrainingConfig
from mmgen.training.logs import Logs
from mmgen.training.machine import Machine


def test_without_tensorboard_training_goes_on_and_says_what_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    logs = Logs(tmp_path)
    assert "pip install 'mmgen-core[train]'" in logs.missing
    logs.scalars("train", {"loss": 1.0}, 3)
    logs.close()


def test_without_accelerate_the_command_that_brings_it_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "accelerate", None)
    with pytest.raises(NotInstalledError, match=r"mmgen-core\[train\]") as caught:
        Machine(TrainingConfig())
    assert caught.value.command == "pip install 'mmgen-core[train]'"


def test_no_folder_no_files(tmp_path: Path) -> None:
    logs = Logs(None)
    logs.scalars("train", {"loss": 1.0}, 3)
    logs.close()
    assert logs.missing == ""
    assert not list(tmp_path.iterdir())
