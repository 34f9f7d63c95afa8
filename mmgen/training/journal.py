"""All that a training tells: to the user, to TensorBoard, to plugins and in figures.json."""

from collections.abc import Mapping

import numpy as np

from mmgen.interfaces import Samples
from mmgen.training.config import TrainingConfig
from mmgen.training.evaluation import Evaluation
from mmgen.training.events import TrainingEvent, announce
from mmgen.training.logs import Logs
from mmgen.training.progress import Reporter
from mmgen.training.run_folder import RunFolder, write_json
from mmgen.training.state import LoopState


class Journal:
    """Tells how a training goes; does nothing in any process but the main one.

    Args:
        is_main: whether this process tells.
        state: of the loop; read, never changed.
    """

    def __init__(
        self,
        run: RunFolder,
        config: TrainingConfig,
        reporter: Reporter,
        state: LoopState,
        *,
        is_main: bool,
    ) -> None:
        self._run = run
        self._reporter = reporter
        self._state = state
        self._is_main = is_main
        self._stage = ""
        logging = config.tensorboard and is_main
        self._logs = Logs(run.logs if logging else None, state.total)
        if self._logs.missing:
            self.say(self._logs.missing)

    def say(self, message: str) -> None:
        """Tell the user something in a line."""
        if self._is_main:
            self._reporter.say(message)

    def warn(self, message: str) -> None:
        """Warn the user; an empty message is none."""
        if message:
            self.say(f"warning: {message} (step {self._state.step:,})")

    def event(self, kind: str, figures: Mapping[str, float] | None = None) -> None:
        """Tell the plugins."""
        if self._is_main:
            announce(
                TrainingEvent(
                    kind=kind,
                    step=self._state.total,
                    folder=self._run.path,
                    stage=self._stage,
                    figures=figures or {},
                )
            )

    def begin_stage(self, name: str, num_steps: int) -> None:
        """A stage begins or goes on."""
        self._stage = name
        if self._is_main:
            self._reporter.start(self._state.step, num_steps, name)

    def step(self) -> None:
        """A step is done."""
        self._reporter.step(self._state.step)

    def losses(
        self, figures: Mapping[str, float], rates: Mapping[str, float], images_per_second: float
    ) -> None:
        """The mean losses of an interval, and each phase's learning rate, are known."""
        if self._is_main:
            self._reporter.figures(figures, images_per_second)
            step = self._state.total
            self._logs.scalars("train", figures, step)
            self._logs.scalars("learning_rate", rates, step)
            self._logs.scalars("speed", {"images_per_second": images_per_second}, step)
        self.event("step", figures)

    def evaluation(self, evaluation: Evaluation, *, best: bool) -> None:
        """The held-out pictures were evaluated."""
        if self._is_main:
            write_json(self._run.figures_file, self._state.evaluations)
            self._logs.scalars("held-out", evaluation.figures, self._state.total)
        shown = "  ".join(
            f"{name} {value:.5g}" + _error(evaluation.standard_errors.get(name))
            for name, value in evaluation.figures.items()
        )
        self.say(f"held-out at step {self._state.step:,}: {shown}{'  (best)' if best else ''}")
        self.event("evaluation", evaluation.figures)

    def samples(self, samples: Samples, columns: int | None) -> None:
        """Samples were drawn."""
        self._logs.picture("samples", np.asarray(samples.grid(columns)), self._state.total)

    def pause(self) -> None:
        """Take the progress bar away, before other words reach the terminal."""
        self._reporter.stop()

    def close(self) -> None:
        """Close all that is open."""
        self._reporter.stop()
        self._logs.close()


def _error(standard_error: float | None) -> str:
    return "" if standard_error is None else f" ± {standard_error:.2g}"
