"""Checkpoints: all that is needed to go on bit for bit, in safetensors and JSON.

A checkpoint is a folder `step-00001000` with

    trainer.safetensors          the trainer's state: model, training-only networks, buffers
    optimizer-<phase>.safetensors
    ema-<phase>.safetensors
    random-<process>.safetensors
    state.json                   stage, step, position in the data, best figure, …

It is written under another name, flushed to the disk and renamed, so that it is whole or absent.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from mmgen.errors import TrainingError
from mmgen.training.run_folder import read_json, replace_folder, write_json
from mmgen.training.tensor_file import read_tensors, write_tensors

_PREFIX = "step-"
_STATE = "state.json"


@dataclass
class Checkpoint:
    """The content of a checkpoint.

    Attributes:
        state: plain values.
        tensors: {file name without suffix: {tensor name: tensor}}.
    """

    state: dict[str, Any] = field(default_factory=dict)
    tensors: dict[str, Mapping[str, Tensor]] = field(default_factory=dict)


class CheckpointStore:
    """The checkpoints of a run.

    Args:
        folder: where they lie.
        keep: how many of the latest stay.
    """

    def __init__(self, folder: Path, keep: int) -> None:
        self.folder = folder
        self.keep = keep

    def steps(self) -> list[int]:
        """Return the steps that have a checkpoint, in order."""
        if not self.folder.is_dir():
            return []
        names = (path.name.removeprefix(_PREFIX) for path in self.folder.glob(f"{_PREFIX}*"))
        return sorted(int(name) for name in names if name.isdecimal())

    def path(self, step: int) -> Path:
        """Return the folder of a step's checkpoint."""
        return self.folder / f"{_PREFIX}{step:08d}"

    def write(self, step: int, checkpoint: Checkpoint) -> Path:
        """Write a checkpoint and remove those that are no longer kept.

        Raises:
            OutputError: the disk is full or not writable; the earlier checkpoints are untouched.
        """

        def write_files(folder: Path) -> None:
            folder.mkdir(parents=True)
            for name, tensors in checkpoint.tensors.items():
                write_tensors(folder / f"{name}.safetensors", tensors)
            write_json(folder / _STATE, {"files": sorted(checkpoint.tensors), **checkpoint.state})

        path = self.path(step)
        replace_folder(path, write_files)
        for old in self.steps()[: -self.keep]:
            shutil.rmtree(self.path(old), ignore_errors=True)
        return path

    def read_latest(self) -> Checkpoint | None:
        """Return the latest checkpoint, or None where there is none.

        Raises:
            TrainingError: a file is missing or damaged; names it.
        """
        steps = self.steps()
        if not steps:
            return None
        folder = self.path(steps[-1])
        try:
            state = read_json(folder / _STATE)
            tensors: dict[str, Mapping[str, Tensor]] = {}
            for name in state["files"]:
                tensors[name] = read_tensors(folder / f"{name}.safetensors")
        except (TrainingError, KeyError) as error:
            earlier = f" to go on from step {steps[-2]}" if len(steps) > 1 else ""
            raise TrainingError(
                f"the checkpoint {folder} is damaged ({error}); remove it{earlier}"
            ) from error
        return Checkpoint(state, tensors)

    def describe_latest(self) -> str:
        """Return the latest checkpoint's path in words, for messages."""
        steps = self.steps()
        return (
            f"the last good checkpoint is {self.path(steps[-1])}"
            if steps
            else ("there is no checkpoint yet")
        )
