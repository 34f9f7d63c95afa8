"""Checks that train: a few steps of the loop, and interrupted ones that end the same."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from mmgen.families import API_VERSION
from mmgen.hookspecs import hookimpl
from mmgen.interfaces import Encoder, Generator
from mmgen.slots import REFERENCE
from mmgen.testing import stand_in
from mmgen.testing.case import CONDITION_WIDTH, Case, EncoderCase, GeneratorCase, check
from mmgen.testing.embedding import embed
from mmgen.testing.outcome import ContractError, demand, demand_identical
from mmgen.testing.plugin import temporary_plugin
from mmgen.testing.values import CLASSES, required_inputs
from mmgen.training import Run, train

_STEPS = 5
_CHECKPOINT_EVERY = 2
_PICTURES = 12


class _Crash(BaseException):
    """Stands for a process that dies."""


class _CrashAfterCheckpoint:
    """A plugin that lets the process die right after the first checkpoint of each attempt."""

    __name__ = "crash-after-checkpoint"
    MMGEN_API = API_VERSION

    @hookimpl
    def mmgen_training_event(self, event: Any) -> None:
        """Die, unless this was the last checkpoint."""
        if event.kind == "checkpoint" and event.step % _STEPS:
            raise _Crash


@check
def check_trains_with_any_encoder(case: GeneratorCase) -> None:
    """The loop trains the family, told of labels and by encoders that it has never seen."""
    _demand_trainer(case)
    with tempfile.TemporaryDirectory() as folder:
        run = _train(case, Path(folder))
        model = cast(Generator, run.load())
        demand(run.finished, "the training must come to its end")
        slots = [slot.name for slot in model.slots if slot not in model.spatial_slots]
        told = ["label", "text", REFERENCE]
        demand(slots == told, f"the trained model must have its slots; got {slots}")
        inputs = required_inputs(model, 2) | {"label": CLASSES[1], "text": "two words"}
        images = case.draw(model, 2, **inputs).images
        demand(bool(images.isfinite().all()), "a trained model must make finite pictures")


@check
def check_encoder_trains(case: EncoderCase) -> None:
    """The loop trains the encoder, and what it saves embeds."""
    _demand_trainer(case)
    with tempfile.TemporaryDirectory() as folder:
        run = _train(case, Path(folder))
        demand(run.finished, "the training must come to its end")
        demand(bool(run.figures), "a trained encoder must have figures of held-out pictures")
        encoder = cast(Encoder, run.load())
        embedding = embed(encoder, case.values)
        demand(bool(embedding.pooled.isfinite().all()), "a trained encoder must embed")


@check
def check_resumes_bit_for_bit(case: Case) -> None:
    """A training that dies after each of its checkpoints ends with the same weights."""
    _demand_trainer(case)
    with tempfile.TemporaryDirectory() as folder:
        whole = _train(case, Path(folder, "whole"))
        crashed = _train_with_crashes(case, Path(folder, "crashed"))
        tensors = whole.load().state_dict()
        others = crashed.load().state_dict()
        for name, tensor in tensors.items():
            demand_identical(
                tensor, others[name], f"{name!r} must be the same after an interrupted training"
            )
        demand(
            dict(whole.figures) == dict(crashed.figures),
            f"figures must be the same after an interrupted training; "
            f"got {dict(whole.figures)} and {dict(crashed.figures)}",
        )


def _demand_trainer(case: Case) -> None:
    case.build_trainer()


def _train_with_crashes(case: Case, folder: Path) -> Run:
    crash = _CrashAfterCheckpoint()
    for attempt in range(20):
        try:
            with temporary_plugin(crash, "crash"):
                return _train(case, folder, resume=attempt > 0)
        except _Crash:
            continue
    raise ContractError("a training that is resumed again and again must come to its end")


def _train(case: Case, folder: Path, *, resume: bool = False) -> Run:
    data = case.learning_data(_PICTURES)
    with tempfile.TemporaryDirectory() as parts:
        return train(
            case.architecture,
            data,
            output=folder,
            config=None if resume else _config(case, Path(parts)),
            resume=resume,
            progress=False,
        )


def _config(case: Case, folder: Path) -> dict[str, Mapping[str, Any]]:
    """Return the tables of the run; parts are saved, and named by their folders."""
    tables: dict[str, Mapping[str, Any]] = {
        "model": dict(case.config),
        "trainer": dict(case.trainer),
        "training": {
            "steps": _STEPS,
            "batch_size": 4,
            "learning_rate": 1e-3,
            "ema_decay": 0.9,
            "checkpoint_every": _CHECKPOINT_EVERY,
            "evaluate_every": _CHECKPOINT_EVERY,
            "sample_every": 0,
            "tensorboard": False,
            "device": "cpu",
        },
        "data": {"held_out": 0.25},
    }
    if isinstance(case, EncoderCase):
        if case.conditions:
            joined = {slot: dict(values) for slot, values in case.conditions.items()}
            tables |= {"conditioner": {"width": CONDITION_WIDTH}, "conditions": joined}
        return tables
    parts = {name: str(part.save(folder / name)) for name, part in case.parts().items()}
    return {
        **tables,
        "conditioner": {"width": CONDITION_WIDTH, "dropout": 0.3},
        "conditions": {
            "label": {"encoder": "label-embedding", "width": 5},
            "text": {"encoder": stand_in.NAME, "width": 6},
            REFERENCE: {"encoder": stand_in.PIXELS, "features": 6},
        },
        "parts": parts,
    }
