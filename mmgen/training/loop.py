"""The training loop: all that is the same for every family."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from torch import Tensor

from mmgen.errors import MmgenError, TrainingError
from mmgen.interfaces import Generator, Model, Trainer
from mmgen.interfaces.trainer import Batch, Stage
from mmgen.pretrained import save
from mmgen.training.checkpoint import Checkpoint, CheckpointStore
from mmgen.training.clock import Clock
from mmgen.training.config import TrainingConfig
from mmgen.training.evaluation import evaluate_held_out
from mmgen.training.feed import Source
from mmgen.training.health import all_finite, warn_if_alike
from mmgen.training.journal import Journal
from mmgen.training.losses import LossLog
from mmgen.training.machine import Machine
from mmgen.training.memory import memory_advice
from mmgen.training.progress import Reporter
from mmgen.training.random_state import own_randomness
from mmgen.training.run_folder import RunFolder
from mmgen.training.sampling import Questions, class_questions, draw_samples
from mmgen.training.signals import StopRequest, TrainingInterrupted
from mmgen.training.snapshot import restore_progress, restore_weights, take_snapshot
from mmgen.training.stage_run import StageRun
from mmgen.training.state import LoopState
from mmgen.training.watch import SampleWatch, collapse_warning, pixel_spread


class Loop:
    """Trains, from the run's last checkpoint where there is one.

    Args:
        trainer: on the machine's device.
        source: rows to learn from.
        held_out: rows to evaluate on; None for none.
        run: where everything goes.
        record: what training.json says beside steps and figures.
        questions: what the grids of samples are asked for; None: the model's classes by turns.
        watch: compares samples with pictures at every evaluation; None for none.
        real: some pictures (N, C, H, W) in [0, 1], that grids of samples should vary like.
        examples: by slot, what the model's conditioner keeps of the data; None for nothing.
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
        questions: Questions | None = None,
        watch: SampleWatch | None = None,
        real: Tensor | None = None,
        examples: Batch | None = None,
    ) -> None:
        self.trainer = trainer
        self.model = cast(Model, trainer.model)
        self.source = source
        self.held_out = held_out
        self.config = config
        self.machine = machine
        self.run = run
        self.record = record
        self.questions = questions
        self.watch = watch
        self.real = real
        self.examples = examples
        self.store = CheckpointStore(run.checkpoints, config.keep_checkpoints)
        self._checkpoint = self.store.read_latest()
        loop = {} if self._checkpoint is None else self._checkpoint.state["loop"]
        self.state = LoopState(**loop)
        self.journal = Journal(run, config, reporter, self.state, is_main=machine.is_main)
        self._clock = Clock(self.state.seconds)
        self._losses = LossLog(machine)
        self._stop = StopRequest()
        self._draws_samples = isinstance(self.model, Generator) and config.sample_every > 0

    def train(self) -> LoopState:
        """Train to the end, or until asked to stop; return where it stands.

        Raises:
            TrainingInterrupted: Ctrl-C or SIGTERM; a checkpoint was written.
            TrainingError: it diverged; names the step and the last good checkpoint.
            OutOfMemoryError: says the batch size to try.
        """
        stages = list(self.trainer.stages())
        self.journal.event("start")
        try:
            with self._stop, memory_advice(self.config):
                for index in range(self.state.stage, len(stages)):
                    if not self._run_stage(stages[index], index, last=index == len(stages) - 1):
                        break
        finally:
            self.journal.close()
            self.journal.event("end")
        return self.state

    def _run_stage(self, stage: Stage, index: int, *, last: bool) -> bool:
        """Run a stage, or the rest of it; return whether it came to its end."""
        self.state.enter_stage(index)
        run = self._prepare_stage(stage, index)
        if self.state.step > run.num_steps:
            raise TrainingError(
                f"the run has taken {self.state.step:,} steps; {run.num_steps:,} lie behind it: "
                "set training.steps to as many or more"
            )
        self.journal.begin_stage(stage.name, run.num_steps)
        self._clock.begin_interval(self.state.step)
        try:
            ended = self._take_steps(run)
            if not ended:
                self._leave(run)
        finally:
            run.close()
        if ended and not last:
            run.keep_averages()
        return ended

    def _prepare_stage(self, stage: Stage, index: int) -> StageRun:
        resumed, self._checkpoint = self._checkpoint, None
        if resumed is not None:  # the stage may encode the data with what was learned before
            restore_weights(resumed, self.trainer)
        run = StageRun(self.trainer, stage, index, self.source, self.config, self.machine)
        if resumed is not None:
            restore_progress(resumed, self.trainer, run, self.machine)
            run.feed.draws = self.state.draws
        return run

    def _take_steps(self, run: StageRun) -> bool:
        """Take the stage's steps; return False where it was asked to stop before the end."""
        state, log_every = self.state, self.config.log_every
        while state.step < run.num_steps:
            for phase, losses in run.step(state.step):
                self._losses.add(phase, state.step, losses)
            state.advance()
            self.journal.step()
            if state.step % log_every == 0:
                self._log(run)
            if state.step < run.num_steps:
                self._keep_cadence(run)
                if self._must_stop():
                    return False
        self._evaluate(run)
        self._draw_samples(run)
        self._save(run)
        return True

    def _keep_cadence(self, run: StageRun) -> None:
        """Evaluate, draw samples and save, each at its steps."""
        step, config = self.state.step, self.config
        if config.evaluate_every and step % config.evaluate_every == 0:
            self._evaluate(run)
        if config.sample_every and step % config.sample_every == 0:
            self._draw_samples(run)
        if config.checkpoint_every and step % config.checkpoint_every == 0:
            self._save(run)

    def _must_stop(self) -> bool:
        limit = self.config.max_minutes
        late = limit is not None and self._clock.seconds_here > 60 * limit
        if self.machine.num_processes == 1:
            return bool(self._stop.signal) or late
        # All processes must stop at the same step; asking them takes time.
        if self.state.step % self.config.log_every:
            return False
        self._stop.signal = int(self.machine.most(self._stop.signal))
        return bool(self._stop.signal) or bool(self.machine.most(float(late)))

    def _leave(self, run: StageRun) -> None:
        """Save and say how to go on; raise where it was a signal that asked."""
        signal = self._stop.signal
        if not signal:
            self._evaluate(run)
        path = self._save(run)
        self.journal.pause()
        message = (
            f"stopped at step {self.state.step:,} of {run.num_steps:,}; saved {path}; "
            f"go on with --resume -o {self.run.path}"
        )
        if signal:
            raise TrainingInterrupted(message, signal)
        self.journal.say(message)

    def _log(self, run: StageRun) -> None:
        """Read the losses of the interval, test them and tell of them."""
        try:
            figures, warnings = self._losses.read(several_phases=len(run.phases) > 1)
        except TrainingError as error:
            raise self._diverged(str(error)) from error
        if not figures:
            return
        speed = self._clock.steps_per_second(self.state.step) * self.config.batch_size
        rates = {phase.name: phase.rate(self.state.step - 1) for phase in run.phases}
        self.journal.losses(figures, rates, speed)
        for warning in warnings:
            self.journal.warn(warning)

    def _refuse_sick_weights(self, run: StageRun) -> None:
        """Raise TrainingError if a loss or a weight is not finite."""
        self._log(run)
        averages = [tensor for phase in run.phases for tensor in phase.averages()]
        if not all_finite([*self.trainer.state_dict().values(), *averages]):
            raise self._diverged(f"weights are NaN or infinite after step {self.state.step:,}")

    def _diverged(self, what: str) -> TrainingError:
        return TrainingError(
            f"the training diverged: {what}; {self.store.describe_latest()}; start again with a "
            "lower learning_rate, a warm-up or clip_norm"
        )

    @contextmanager
    def _looking(self, run: StageRun) -> Iterator[None]:
        """Look at the averaged weights in eval mode, while the clock of the speed stands."""
        self._clock.pause()
        self.trainer.eval()
        try:
            with run.averages():
                if isinstance(self.model, Generator) and self.examples is not None:
                    self.model.conditioner.keep_examples(self.examples)
                yield
        finally:
            run.set_train_mode()
            self._clock.go_on()

    def _evaluate(self, run: StageRun) -> None:
        """Evaluate on the held-out pictures, if there are; save the model if it is the best."""
        if self.held_out is None or self.state.evaluated:
            return
        self._refuse_sick_weights(run)
        with self._looking(run):
            evaluation = evaluate_held_out(
                run.stage.evaluate or self.trainer.evaluate,
                self.held_out,
                self.machine,
                batch_size=self.machine.part_size,
                seed=self.config.seed,
                limit=self.config.evaluate_pictures,
            )
            decide_by = None
            if run.stage.makes_pictures:
                evaluation.figures.update(self._watch_samples())
                decide_by = self.config.decide_by
            best = self.state.note(evaluation, run.stage.name, decide_by)
            if best:
                self._save_model()
        self.journal.evaluation(evaluation, best=best)
        for name in ("coverage", "spread"):
            course = self.state.course(name)
            self.journal.warn(collapse_warning(name, course) if course else "")

    def _watch_samples(self) -> dict[str, float]:
        """Return what samples of the model, as it is, are like; the same in every process."""
        if self.watch is None:
            return {}
        with own_randomness(self.machine.device, self.config.seed):
            return self.machine.agree(self.watch.look)

    def _save_model(self) -> None:
        """Write the model, as it is now, into the run's model folder."""
        state = self.state
        state.saved_at = state.total
        if self.machine.is_main:
            record = self.record | {
                "steps": state.total,
                "seconds": round(self._clock.seconds, 1),
                "evaluation": state.evaluations[-1] if state.evaluated else None,
            }
            save(self.model, self.run.model, extra={"training.json": record})

    def _draw_samples(self, run: StageRun) -> None:
        """Draw a grid of samples with the averaged weights."""
        wanted = self._draws_samples and run.stage.makes_pictures
        if not wanted or not self.machine.is_main:
            return
        assert isinstance(self.model, Generator)
        seed = self.config.seed
        questions = self.questions or class_questions(self.model, self.config.num_samples)
        try:
            with self._looking(run), own_randomness(self.machine.device, seed):
                samples = draw_samples(self.model, questions, seed=seed)
            columns = questions.columns
            path = self.run.samples / f"step-{self.state.total:08d}.png"
            path.parent.mkdir(exist_ok=True)
            samples.save(path, force=True, columns=columns)
        except (MmgenError, OSError) as error:
            self._draws_samples = False
            self.journal.warn(f"no samples are drawn from here on: {error}")
            return
        self.journal.samples(samples, columns)
        self._warn_of(samples.images)

    def _warn_of(self, images: Tensor) -> None:
        """Warn where samples (N, C, H, W) are all alike, or vary much less than they did."""
        alike = warn_if_alike(images)
        self.journal.warn(alike)
        if self.real is None or images.ndim != 4 or min(len(images), len(self.real)) < 2:
            return
        self.state.spreads.append((self.state.total, pixel_spread(images, self.real)))
        self.journal.warn("" if alike else collapse_warning("spread", self.state.spreads))

    def _save(self, run: StageRun) -> Path:
        """Write a checkpoint of healthy weights; return its folder.

        Without held-out pictures there is no best model: the latest is saved beside it.
        """
        state = self.state
        path = self.store.path(state.total)
        if state.total in self.store.steps():
            return path
        self._refuse_sick_weights(run)
        if self.held_out is None:
            with self._looking(run):
                self._save_model()
        self._clock.pause()
        state.draws = run.feed.draws
        self._write(take_snapshot(self.trainer, run, self.machine))
        self._clock.go_on()
        self.journal.event("checkpoint")
        return path

    def _write(self, snapshot: Checkpoint) -> None:
        snapshot.state["loop"] = self.state.to_dict() | {"seconds": self._clock.seconds}
        if self.machine.is_main:
            self.store.write(self.state.total, snapshot)
        self.machine.wait()
