"""What plugins hear of a training, through the hook `mmgen_training_event`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mmgen.plugins import manager


@dataclass(frozen=True, kw_only=True)
class TrainingEvent:
    """One event of a training.

    Attributes:
        kind: "start", "step" (once every `log_every` steps, with the mean losses), "evaluation",
            "checkpoint" or "end".
        step: steps done, over all stages.
        folder: of the run.
        figures: losses or held-out figures by name.
        stage: the stage's name.
    """

    kind: str
    step: int
    folder: Path
    stage: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)


def announce(event: TrainingEvent) -> None:
    """Tell all plugins; one that raises is blocked and the training goes on."""
    manager().call("mmgen_training_event", event=event)
