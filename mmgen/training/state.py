"""Where a training stands."""

from dataclasses import asdict, dataclass, field
from typing import Any

from mmgen.training.evaluation import Evaluation


@dataclass
class LoopState:
    """Where a training stands; kept in its checkpoints.

    Attributes:
        stage, step: the stage's number and the steps done in it.
        total: steps done over all stages.
        draws: batches drawn in the stage, which is the position in the data.
        best: the deciding figure of the stage's best model; None before there is one.
        saved_at: the `total` whose model lies in the run's model folder; None before.
        evaluations: all of them, as figures.json holds them.
        spreads: of every grid of samples, (total, pairwise distance relative to real pictures').
        seconds: spent so far, over all calls.
    """

    stage: int = 0
    step: int = 0
    total: int = 0
    draws: int = 0
    best: float | None = None
    saved_at: int | None = None
    evaluations: list[dict[str, Any]] = field(default_factory=list)
    spreads: list[tuple[int, float]] = field(default_factory=list)
    seconds: float = 0.0

    def enter_stage(self, index: int) -> None:
        """Start a stage, unless it is the one that is under way."""
        if index != self.stage:
            self.stage, self.step, self.draws = index, 0, 0
            self.best = self.saved_at = None

    def advance(self) -> None:
        """Count a step."""
        self.step += 1
        self.total += 1

    @property
    def evaluated(self) -> bool:
        """Whether the held-out pictures were looked at after the last step."""
        return bool(self.evaluations) and self.evaluations[-1]["step"] == self.total

    def note(self, evaluation: Evaluation, stage: str, decide_by: str | None = None) -> bool:
        """Keep an evaluation; return whether it is the stage's best: of equals, the latest."""
        deciding = evaluation.deciding(decide_by)
        entry = {"step": self.total, "stage": stage, **evaluation.to_dict()}
        self.evaluations.append(entry)
        if self.best is not None and deciding > self.best:
            return False
        self.best = deciding
        return True

    def course(self, figure: str) -> list[tuple[int, float]]:
        """Return (total, value) of a held-out figure at every evaluation that has it."""
        return [
            (entry["step"], entry["figures"][figure])
            for entry in self.evaluations
            if figure in entry["figures"]
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return the state as JSON holds it."""
        return asdict(self)
