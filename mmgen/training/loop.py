"""The training loop: all that is the same for every family."""

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from mmgen.errors import MmgenError, TrainingError
from mmgen.interfaces import Generator, Model, Trainer
from mmgen.pretrained import save
from mmgen.training.checkpoint import CheckpointStore
from mmgen.training.config import TrainingConfig
from mmgen.training.evaluation import Evaluation, evaluate_held_out
from mmgen.training.events import TrainingEvent, announce
from mmgen.training.feed import Source
from mmgen.training.health import all_finite, warn_if_alike
from mmgen.training.logs import Logs
from mmgen.training.losses import LossLog
from mmgen.training.machine import Machine
from mmgen.training.memory import memory_advice
from mmgen.training.progress import Reporter
from mmgen.training.random_state import own_randomness
from mmgen.training.run_folder import RunFolder, write_json
from mmgen.training.sampling import draw_samples
from mmgen.training.signals import StopRequest, TrainingInterrupted
from mmgen.training.snapshot import restore_progress, restore_weights, take_snapshot
from mmgen.training.stage_run import StageRun


@dataclass
class LoopState:
    """Where a training stands.

    Attributes:
        stage, step: the stage's number and the steps done in it.
        total: steps done over all stages.
        draws: batches drawn in the stage, which is the position in the data.
        best: the deciding figure of the best model of the stage, and its step; None before.
        saved_at: the step whose model lies in the run's model folder; None before.
        evaluations: all of them, as figures.json holds them.
        seconds: spent so far.
    """

    stage: int = 0
    step: int = 0
    total: int = 0
    draws: int = 0
    best: float | None = None
    best_step: int | None = None
    saved_at: int | None = None
    evaluations: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0


class Loop:
    """Trains.

    Args:
        trainer: on the machine's device.
        source: rows to learn from.
        held_out: rows to evaluate on; None for none.
        run: where everything goes.
        record: what training.json says beside steps and figures.
        texts: captions for the grids of samples.
    """

    def __init__(
        self,
        trainer: Trainer[Any],
        source: Source,
        held_out: Source | None,
        config: TrainingConfig,
        machine: Machine,
        run: RunFolder,
        *,
        reporter: Reporter,
        record: dict[str, Any],
        texts: list[str] | None = None,
    ) -> None:
        self.trainer = trainer
        self.source = source
        self.held_out = held_out
        self.config = config
        self.machine = machine
        self.run = run
        self.reporter = reporter
        self.record = record
        self.texts = texts
        self.state = LoopState()
        self.store = CheckpointStore(run.checkpoints, config.keep_checkpoints)
        self._losses = LossLog(machine)
        self._stop = StopRequest()
        self._samples = isinstance(trainer.model, Generator)
        self._started = time.monotonic()
        self._interval = (0.0, 0)

    @property
    def model(self) -> Model:
        """The model that is trained."""
        assert isinstance(self.trainer.model, Model)
        return self.trainer.model

    def train(self) -> LoopState:
        """Train to the end, or until asked to stop; return where it stands.

        Raises:
            TrainingInterrupted: Ctrl-C or SIGTERM; a checkpoint was written.
            TrainingError: it diverged; names the step and the last good checkpoint.
            OutOfMemoryError: says the batch size to try.
        """
        stages = list(self.trainer.stages())
        checkpoint = self.store.read_latest()
        if checkpoint is not None:
            self.state = LoopState(**checkpoint[1].state["loop"])
        logging = self.config.tensorboard and self.machine.is_main
        self._logs = Logs(self.run.logs if logging else None, self.state.total)
        if self._logs.missing:
            self.reporter.say(self._logs.missing)
        self._announce("start", {})
        try:
            with self._stop, memory_advice(self.config):
                for index in range(self.state.stage, len(stages)):
                    resumed = checkpoint[1] if checkpoint and index == self.state.stage else None
                    self._enter_stage(index)
                    if resumed is not None:
                        restore_weights(resumed, self.trainer)
                    self._current = StageRun(
                        self.trainer, stages[index], index, self.source, self.config, self.machine
                    )
                    if resumed is not None:
                        restore_progress(resumed, self.trainer, self._current, self.machine)
                        self._current.feed.draws = self.state.draws
                    if not self._run_stage():
                        break
                    if index < len(stages) - 1:
                        self._current.keep_averages()
        finally:
            self.reporter.stop()
            self._logs.close()
        self._announce("end", {})
        return self.state

    def _enter_stage(self, index: int) -> None:
        if index != self.state.stage:
            self.state.stage, self.state.step, self.state.draws = index, 0, 0
            self.state.best = self.state.best_step = self.state.saved_at = None

    def _run_stage(self) -> bool:
        """Run the rest of the current stage; return whether it came to its end."""
        stage, state, config = self._current, self.state, self.config
        self.reporter.start(state.step, stage.num_steps, stage.stage.name)
        self._interval = (time.monotonic(), state.step)
        try:
            while state.step < stage.num_steps:
                for phase, losses in stage.step(state.step):
                    self._losses.add(phase, state.step, losses)
                state.step += 1
                state.total += 1
                self.reporter.step(state.step)
                if state.step % config.log_every == 0:
                    self._log()
                self._keep_cadence(stage)
                if self._must_stop():
                    self._leave()
                    return False
            self._finish_stage()
        finally:
            stage.close()
        return True

    def _keep_cadence(self, stage: StageRun) -> None:
        """Evaluate, draw samples, save, each at its steps; the end of a stage is seen to later."""
        step, config = self.state.step, self.config
        if step == stage.num_steps:
            return
        if config.evaluate_every and step % config.evaluate_every == 0:
            self._evaluate()
        if config.sample_every and step % config.sample_every == 0:
            self._draw_samples()
        if config.checkpoint_every and step % config.checkpoint_every == 0:
            self._checkpoint()

    def _finish_stage(self) -> None:
        self._evaluate()
        if self.config.sample_every:
            self._draw_samples()
        self._checkpoint()

    def _must_stop(self) -> bool:
        config = self.config
        late = config.max_minutes is not None and self._seconds_here() > 60 * config.max_minutes
        if self.machine.num_processes == 1:
            return bool(self._stop.signal) or late
        # All processes must stop at the same step; asking them costs time.
        if self.state.step % config.log_every:
            return False
        self._stop.signal = int(self.machine.most(self._stop.signal))
        return bool(self._stop.signal) or bool(self.machine.most(float(late)))

    def _leave(self) -> None:
        """Save and say how to go on; raise if it was a signal."""
        signal = self._stop.signal
        if not signal:
            self._evaluate()
        path = self._checkpoint()
        where = f"step {self.state.step:,} of {self._current.num_steps:,}"
        message = f"stopped at {where}; saved {path}; go on with --resume -o {self.run.path}"
        self.reporter.stop()
        if signal:
            raise TrainingInterrupted(message, signal)
        self.reporter.say(message)

    def _seconds_here(self) -> float:
        return time.monotonic() - self._started

    def _log(self) -> None:
        """Read the losses of the interval; show and log them."""
        several = len(self._current.phases) > 1
        try:
            figures, warnings = self._losses.read(several_phases=several)
        except TrainingError as error:
            raise TrainingError(
                f"{error}; {self.store.describe_latest()}; start again with a lower learning_rate, "
                "a warm-up or clip_norm"
            ) from error
        if not figures:
            return
        now = time.monotonic()
        since, step = self._interval
        speed = (self.state.step - step) * self.config.batch_size / max(now - since, 1e-9)
        self._interval = (now, self.state.step)
        rates = {phase.name: phase.rate(self.state.step - 1) for phase in self._current.phases}
        if self.machine.is_main:
            self.reporter.figures(figures, speed)
            for warning in warnings:
                self.reporter.say(f"warning: {warning} (step {self.state.step:,})")
            self._logs.scalars("train", figures, self.state.total)
            self._logs.scalars("learning_rate", rates, self.state.total)
            self._logs.scalars("speed", {"images_per_second": speed}, self.state.total)
        self._announce("step", figures)

    def _refuse_sick_weights(self) -> None:
        self._log()
        averages = [a for phase in self._current.phases if phase.average
                    for a in phase.average.averages]  # fmt: skip
        if not all_finite([*self.trainer.state_dict().values(), *averages]):
            raise TrainingError(
                f"the training diverged: there are NaN or infinite weights after step "
                f"{self.state.step:,}; {self.store.describe_latest()}; start again with a lower "
                "learning_rate, a warm-up or clip_norm"
            )

    def _evaluate(self) -> None:
        """Evaluate the averaged weights; save the model if it is the best so far."""
        self._refuse_sick_weights()
        with self._paused(), self._current.averages():
            if self.held_out is None:
                self._save_model()
                return
            last = self.state.evaluations[-1] if self.state.evaluations else {}
            if last.get("step") == self.state.total:
                return
            evaluation = evaluate_held_out(
                self.trainer,
                self.held_out,
                self.machine,
                batch_size=self.machine.part_size,
                seed=self.config.seed,
                limit=self.config.evaluate_pictures,
            )
            self._note(evaluation)
            if self.state.best is None or evaluation.deciding < self.state.best:
                self.state.best, self.state.best_step = evaluation.deciding, self.state.total
                self._save_model()

    def _note(self, evaluation: Evaluation) -> None:
        state = self.state
        entry = {"step": state.total, "stage": self._current.stage.name, **evaluation.to_dict()}
        state.evaluations.append(entry)
        if self.machine.is_main:
            write_json(self.run.figures_file, state.evaluations)
            self._logs.scalars("held-out", evaluation.figures, state.total)
            best = state.best is None or evaluation.deciding < state.best
            figures = "  ".join(
                f"{name} {value:.5g} ± {evaluation.standard_errors[name]:.2g}"
                for name, value in evaluation.figures.items()
            )
            self.reporter.say(f"held-out at step {state.step:,}: {figures}{'  (best)' * best}")
        self._announce("evaluation", evaluation.figures)

    def _save_model(self) -> None:
        """Write the model, as it is now, into the run's model folder."""
        self.state.saved_at = self.state.total
        if not self.machine.is_main:
            return
        record = self.record | {
            "steps": self.state.total,
            "seconds": round(self._seconds(), 1),
            "evaluation": self.state.evaluations[-1] if self.state.evaluations else None,
        }

        save(self.model, self.run.model, extra={"training.json": record})

    def _draw_samples(self) -> None:
        """Draw a grid with the averaged weights."""
        if not self._samples or not self.machine.is_main:
            return
        assert isinstance(self.model, Generator)
        path = self.run.samples / f"step-{self.state.total:08d}.png"
        path.parent.mkdir(exist_ok=True)
        seed = self.config.seed
        with (
            self._paused(),
            self._current.averages(),
            own_randomness(self.machine.device, seed),
        ):
            try:
                samples, columns = draw_samples(
                    self.model, self.config.num_samples, seed=seed, texts=self.texts
                )
                samples.save(path, force=True, columns=columns)
            except MmgenError as error:
                self._samples = False
                self.reporter.say(f"no samples are drawn from here on: {error}")
                return
        warning = warn_if_alike(samples.images)
        if warning:
            self.reporter.say(f"warning: {warning} (step {self.state.step:,})")
        self._logs.picture("samples", np.asarray(samples.grid(columns)), self.state.total)

    def _checkpoint(self) -> Any:
        """Write a checkpoint of healthy weights; return its folder."""
        self._refuse_sick_weights()
        path = self.store.path(self.state.total)
        if self.state.total in self.store.steps():
            return path
        if self.held_out is None:
            self._evaluate()
        self.state.draws = self._current.feed.draws
        snapshot = take_snapshot(self.trainer, self._current, self.machine)
        snapshot.state["loop"] = {**vars(self.state), "seconds": self._seconds()}
        if self.machine.is_main:
            self.store.write(self.state.total, snapshot)
        self.machine.wait()
        self._announce("checkpoint", {})
        return path

    def _seconds(self) -> float:
        return self.state.seconds + self._seconds_here()

    def _paused(self) -> "Pause":
        return Pause(self)

    def _announce(self, kind: str, figures: dict[str, float]) -> None:
        if self.machine.is_main:
            stage = self._current.stage.name if hasattr(self, "_current") else ""
            announce(TrainingEvent(
                kind=kind, step=self.state.total, folder=self.run.path, stage=stage,
                figures=figures,
            ))  # fmt: skip


class Pause:
    """Stops the clock of the training's speed and puts the trainer into eval mode."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop

    def __enter__(self) -> None:
        if self._loop.machine.device.type == "cuda":
            torch.cuda.synchronize()
        self._since = time.monotonic()
        self._loop.trainer.eval()

    def __exit__(self, *error: object) -> None:
        loop = self._loop
        loop._current.set_train_mode()
        start, step = loop._interval
        loop._interval = (start + time.monotonic() - self._since, step)
