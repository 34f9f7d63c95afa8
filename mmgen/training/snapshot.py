"""A training's whole state, taken and put back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mmgen.errors import TrainingError
from mmgen.interfaces import Trainer
from mmgen.training.checkpoint import Checkpoint
from mmgen.training.machine import Machine
from mmgen.training.optimizers import optimizer_tensors, restore_optimizer
from mmgen.training.random_state import random_tensors, restore_random
from mmgen.training.stage_run import StageRun


def take_snapshot(trainer: Trainer[Any], stage: StageRun, machine: Machine) -> Checkpoint:
    """Return the state of trainer, optimisers, averages and random generators."""
    names = _names(trainer)
    checkpoint = Checkpoint()
    checkpoint.tensors["trainer"] = trainer.state_dict()
    updates = {}
    for phase in stage.phases:
        optimizer = optimizer_tensors(phase.optimizer, phase.parameters)
        checkpoint.tensors[f"optimizer-{phase.name}"] = optimizer
        if phase.average is not None:
            checkpoint.tensors[f"ema-{phase.name}"] = phase.average.tensors(names)
            updates[phase.name] = phase.average.updates
    for index, states in enumerate(machine.gather(random_tensors(machine.device))):
        checkpoint.tensors[f"random-{index}"] = states
    checkpoint.state["ema_updates"] = updates
    return checkpoint


def restore_weights(checkpoint: Checkpoint, trainer: Trainer[Any]) -> None:
    """Put back the trainer's weights and buffers, before its stage is made ready.

    Raises:
        TrainingError: the checkpoint belongs to another model.
    """
    with _fitting():
        trainer.load_state_dict(dict(checkpoint.tensors["trainer"]))


def restore_progress(
    checkpoint: Checkpoint, trainer: Trainer[Any], stage: StageRun, machine: Machine
) -> None:
    """Put back the state of optimisers, averages and random generators.

    Raises:
        TrainingError: the checkpoint belongs to another model.
    """
    tensors = checkpoint.tensors
    names = _names(trainer)
    with _fitting():
        for phase in stage.phases:
            restore_optimizer(phase.optimizer, phase.parameters, tensors[f"optimizer-{phase.name}"])
            if phase.average is not None:
                phase.average.restore(tensors[f"ema-{phase.name}"], names)
                phase.average.updates = checkpoint.state["ema_updates"][phase.name]
    mine = tensors.get(f"random-{machine.index}", tensors["random-0"])
    restore_random(mine, machine.device)


@contextmanager
def _fitting() -> Iterator[None]:
    try:
        yield
    except (RuntimeError, KeyError) as error:
        reason = " ".join(str(error).split())
        raise TrainingError(
            "the checkpoint does not fit this trainer; perhaps another version of it wrote it: "
            f"{reason}"
        ) from error


def _names(trainer: Trainer[Any]) -> dict[int, str]:
    tensors = (*trainer.named_parameters(), *trainer.named_buffers())
    return {id(tensor): name for name, tensor in tensors}
