"""The way in: train a model, or go on with a run."""

import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from mmgen import __version__
from mmgen.data import PictureData
from mmgen.errors import TrainingError
from mmgen.interfaces import Batch, Generator, Model, Trainer
from mmgen.local_paths import own_name, without_paths
from mmgen.plugins import manager
from mmgen.training.assembly import (
    TrainingData,
    build_model,
    build_trainer,
    load_data,
    match_columns,
)
from mmgen.training.config import FREE_TO_CHANGE
from mmgen.training.feed import make_source
from mmgen.training.loop import Loop
from mmgen.training.machine import Machine, fast_arithmetic, precision_notes
from mmgen.training.progress import Silence, make_reporter
from mmgen.training.random_state import own_randomness
from mmgen.training.run_folder import RunFolder
from mmgen.training.sampling import choose_examples, choose_questions
from mmgen.training.settings import Settings, build_settings
from mmgen.training.suitability import check_balance, check_pictures
from mmgen.training.watch import SampleWatch, open_watch, some_pictures


@dataclass(frozen=True, kw_only=True)
class Run:
    """A training's outcome.

    Attributes:
        folder: of the run.
        steps: done, over all stages.
        finished: False where it stopped early (max_minutes).
        figures: held-out figures of the saved model; empty without held-out pictures.
        is_main: whether this process is the one of several that speaks for all.
    """

    folder: Path
    steps: int
    finished: bool
    figures: Mapping[str, float] = field(default_factory=dict)
    is_main: bool = True

    @property
    def model_folder(self) -> Path:
        """The saved model, a folder that `from_pretrained` takes."""
        return self.folder / "model"

    def load(self) -> Model:
        """Return the saved model."""
        from mmgen.pretrained import from_pretrained

        return from_pretrained(self.model_folder)


def train(
    architecture: str,
    data: str | Path | PictureData,
    *,
    output: str | Path,
    config: Mapping[str, Any] | None = None,
    resume: bool = False,
    from_model: str | Path | None = None,
    parts: Mapping[str, str] | None = None,
    progress: bool = True,
) -> Run:
    """Train a model.

    Args:
        architecture: its registered name ("vae", "conv-vae").
        data: what `mmgen.data.load` takes, or pictures loaded before.
        output: the run's folder: new or empty, or with `resume` that of the run.
        config: the tables model, trainer, training, data, conditioner, conditions, parts.
        resume: go on bit for bit from the run's last checkpoint. Settings that are not given are
            the run's; those that would change a step must be.
        from_model: a trained model of this architecture to start from (fine-tuning): a name, a
            folder, a repository or another run.
        parts: trained models by the name of the part, as {"tokenizer": "vqvae-faces"}.
        progress: show progress on stderr.

    Raises:
        OptionError: an unknown setting or one out of range.
        DataError: the data cannot be used, or lacks what the conditions need.
        TrainingError: the folder holds another run, the resumed run was another, or the training
            diverged.
        TrainingInterrupted: Ctrl-C or SIGTERM; the run can be resumed.
        OutOfMemoryError: says the batch size to try.
    """
    tables = dict(config or {})
    if parts:
        tables["parts"] = {**tables.get("parts", {}), **parts}
    folder = RunFolder(output)
    recorded = folder.read() if resume else None
    if recorded is not None:
        tables = _recorded_tables(recorded, architecture, tables)
        from_model = recorded["from_model"] if from_model is None else from_model
    elif folder.holds_run:
        folder.create({})  # says why not, before anything is loaded
    settings = build_settings(architecture, tables)
    machine = Machine(settings.training)
    with own_randomness(machine.device, settings.training.seed):
        loaded = load_data(data, settings)
        model = build_model(settings, loaded.train, from_model=from_model)
        loaded = match_columns(model, loaded)
        check_pictures(model, loaded.train)
        check_balance(settings.training, loaded.train)
        watch = open_watch(settings.training, model, loaded.held_out, machine.device)
        record = make_record(settings, loaded, from_model, model, machine)
        trainer = build_trainer(settings, model, machine.device)
        if recorded is not None:
            _refuse_other_run(recorded, record)
        elif machine.is_main:
            where = None if isinstance(data, PictureData) else str(data)
            folder.create({**record, "source": where, "command": sys.argv})
        machine.wait()
        notes = () if recorded is None else _stretched_schedule(recorded, settings)
        return _run_loop(
            settings,
            trainer,
            loaded,
            machine,
            folder,
            as_published(record),
            watch,
            notes=notes,
            progress=progress,
        )


def _run_loop(
    settings: Settings,
    trainer: Trainer[Any],
    data: TrainingData,
    machine: Machine,
    folder: RunFolder,
    record: dict[str, Any],
    watch: SampleWatch | None,
    *,
    notes: tuple[str, ...],
    progress: bool,
) -> Run:
    if machine.index:  # each process has its own noise, but the same weights
        torch.manual_seed(settings.training.seed + machine.index)
    reporter = make_reporter(progress) if machine.is_main else Silence()
    left_out = _left_out(data)
    slow = precision_notes(settings.training.precision, machine.device)
    for note in (*notes, *slow, *data.train.notes, *left_out):
        reporter.say(note)
    with fast_arithmetic(machine.device):
        loop = Loop(
            trainer,
            make_source(data.train, machine.device),
            None if data.held_out is None else make_source(data.held_out, machine.device),
            settings.training,
            machine,
            folder,
            reporter=reporter,
            record=record,
            questions=choose_questions(data.train, settings.training.num_samples),
            watch=watch,
            real=some_pictures(data.train),
            examples=_examples(trainer.model, data.train, settings),
        )
        state = loop.train()
    for note in _left_out(data):
        if note not in left_out:  # found where pictures are decoded as they are read
            reporter.say(note)
    saved = [item for item in state.evaluations if item["step"] == state.saved_at]
    stages = list(trainer.stages())
    done = state.stage == len(stages) - 1
    done = done and state.step == (stages[-1].steps or settings.training.steps)
    return Run(
        folder=folder.path,
        steps=state.total,
        finished=done,
        figures=saved[-1]["figures"] if saved else {},
        is_main=machine.is_main,
    )


def _examples(model: Any, data: PictureData, settings: Settings) -> Batch | None:
    """Return the rows whose conditions a generator keeps; None where it keeps none."""
    if not isinstance(model, Generator) or not model.conditioner.num_examples:
        return None
    conditioner = model.conditioner
    seed = settings.training.seed
    return choose_examples(data, conditioner.slot_names, conditioner.num_examples, seed)


def _left_out(data: TrainingData) -> list[str]:
    splits = [data.train] if data.held_out is None else [data.train, data.held_out]
    return [split.left_out for split in splits if split.left_out]


def _stretched_schedule(recorded: Mapping[str, Any], settings: Settings) -> tuple[str, ...]:
    """Return a note where another number of steps changes the rates of those to come."""
    before, now = recorded["config"]["training"]["steps"], settings.training.steps
    schedule = settings.training.schedule
    if before == now or schedule == "constant":
        return ()
    return (
        f"{before:,} steps become {now:,}: the learning rate goes on as if its {schedule} schedule "
        f"had been of {now:,} from the start",
    )


def make_record(
    settings: Settings,
    data: TrainingData,
    from_model: str | Path | None,
    model: Model,
    machine: Machine,
) -> dict[str, Any]:
    """Return what run.json says of a run, and training.json `as_published`."""
    # What an encoder took from a file it forgets, and a run that is resumed begins from it again.
    asked = type(model.config).build({**model.config.to_dict(), **settings.model})
    return {
        "architecture": settings.architecture,
        "from_model": None if from_model is None else str(from_model),
        "data": {
            "name": data.train.name,
            "fingerprint": data.fingerprint,
            "num_train": len(data.train),
            "num_held_out": 0 if data.held_out is None else len(data.held_out),
        },
        "seed": settings.training.seed,
        "config": settings.to_dict() | {"model": asked.to_dict()},
        "num_parameters": model.num_parameters,
        "machine": {"device": _device_name(machine.device), "processes": machine.num_processes},
        "versions": _versions(settings.architecture),
    }


def as_published(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record as training.json has it: of files on this machine the names alone."""
    start = record["from_model"]
    return {
        **record,
        "from_model": None if start is None else own_name(start),
        "config": without_paths(record["config"]),
    }


def _versions(architecture: str) -> dict[str, str]:
    plugin, _, _ = manager().architecture(architecture)
    return {
        "mmgen-core": __version__,
        plugin.distribution: plugin.version,
        "torch": torch.__version__,
        "python": platform.python_version(),
    }


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return f"{device}: {torch.cuda.get_device_name(device)}"
    return str(device)


def _recorded_tables(
    recorded: Mapping[str, Any], architecture: str, tables: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the run's own tables, overlaid with what was given for this call."""
    if recorded["architecture"] != architecture:
        raise TrainingError(
            f"the run was started with architecture {recorded['architecture']!r}; it cannot be "
            f"resumed with {architecture!r}"
        )
    own = recorded["config"]
    training = {k: v for k, v in own["training"].items() if k != "max_minutes"}
    merged = {**own, "training": training}
    if recorded["from_model"] is not None:
        merged = {k: v for k, v in merged.items() if k not in ("conditions", "parts")}
    return {
        name: _overlaid(merged.get(name, {}), tables.get(name, {}))
        for name in {*merged, *tables}
        if name != "architecture"
    }


def _overlaid(own: Any, given: Any) -> Any:
    if not isinstance(own, Mapping) or not isinstance(given, Mapping):
        return given
    keys = {**own, **given}
    return {key: _overlaid(own.get(key, {}), given[key]) if key in given else own[key]
            for key in keys}  # fmt: skip


def _refuse_other_run(recorded: Mapping[str, Any], record: Mapping[str, Any]) -> None:
    """Raise TrainingError, naming what differs, unless a run may be resumed as asked."""
    differences = _differences(recorded["config"], record["config"])
    if recorded["from_model"] != record["from_model"]:
        differences.append(f"from_model: {recorded['from_model']} → {record['from_model']}")
    if recorded["data"]["fingerprint"] != record["data"]["fingerprint"]:
        differences.append(
            f"data: other pictures, labels or captions than those of {recorded['data'].get('name')}"
        )
    if recorded["machine"]["processes"] != record["machine"]["processes"]:
        before, now = recorded["machine"]["processes"], record["machine"]["processes"]
        differences.append(f"processes: {before} → {now}")
    if differences:
        raise TrainingError(
            f"a run is resumed with what it was started with; different are: "
            f"{'; '.join(differences)}"
        )


def _differences(before: Mapping[str, Any], now: Mapping[str, Any], path: str = "") -> list[str]:
    found = []
    for key in sorted({*before, *now}):
        name = f"{path}{key}"
        if key not in before and path and not path.startswith(("conditions.", "parts.")):
            continue  # a setting that a later version brought: the run had no choice
        old, new = before.get(key), now.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            found += _differences(old, new, f"{name}.")
        elif old != new and not (path == "training." and key in FREE_TO_CHANGE):
            found.append(f"{name}: {old} → {new}")
    return found
