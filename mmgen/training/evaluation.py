"""Held-out evaluation: the trainer's figures, averaged over pictures that are not learned from."""

import math
from dataclasses import dataclass
from typing import Any

import torch

from mmgen.errors import TrainingError, did_you_mean
from mmgen.interfaces.noise import TrainingNoise
from mmgen.interfaces.trainer import Evaluate
from mmgen.training.feed import Source, home_of
from mmgen.training.machine import Machine
from mmgen.training.random_state import own_randomness


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Held-out figures.

    Attributes:
        figures: mean over the pictures, by name, and what samples are like where those are
            watched.
        standard_errors: of those means.
        num_pictures: how many were looked at.
    """

    figures: dict[str, float]
    standard_errors: dict[str, float]
    num_pictures: int

    def deciding(self, name: str | None = None) -> float:
        """Return the figure that decides which model is best; a NaN counts as the worst.

        Args:
            name: of the figure; None for the first.

        Raises:
            TrainingError: there is no such figure.
        """
        if name is not None and name not in self.figures:
            raise TrainingError(
                f"decide_by names a held-out figure; got {name!r}"
                f"{did_you_mean(name, self.figures)}; there are {', '.join(self.figures)}"
            )
        value = next(iter(self.figures.values())) if name is None else self.figures[name]
        return math.inf if math.isnan(value) else value

    def to_dict(self) -> dict[str, Any]:
        """Return the evaluation as JSON holds it."""
        return {
            "figures": self.figures,
            "standard_errors": self.standard_errors,
            "num_pictures": self.num_pictures,
        }


@torch.no_grad()
def evaluate_held_out(
    evaluate: Evaluate,
    source: Source,
    machine: Machine,
    *,
    batch_size: int,
    seed: int,
    limit: int | None = None,
) -> Evaluation:
    """Average a stage's figures over held-out pictures, shared out among the processes.

    The noise is the same at every evaluation, and the training's own is not touched. The caller
    has put the trainer into eval mode.

    Args:
        evaluate: gives the figures of a batch.
        batch_size: pictures at a time.
        limit: at most so many pictures; None: all.
    """
    count = len(source) if limit is None else min(limit, len(source))
    rows = torch.arange(count)[machine.index :: machine.num_processes]
    # A process without a share looks at a picture too, for the names, and counts none.
    parts = rows.split(batch_size) if len(rows) else [torch.zeros(1, dtype=torch.int64)]
    names: list[str] = []
    totals = torch.zeros(0)
    with own_randomness(machine.device, seed + machine.index):
        for part in parts:
            batch = source.batch(part.to(home_of(source)), machine.device)
            size = len(batch["target"])
            values = evaluate(batch, TrainingNoise(size, machine.device))
            table = torch.stack([_per_picture(name, item, size) for name, item in values.items()])
            table = table[:, : len(rows)]
            sizes = table.new_full((len(table),), table.shape[1])
            sums = torch.stack([table.sum(1), table.square().sum(1), sizes])
            names = list(values)
            totals = sums if not totals.numel() else totals + sums
    sums, squares, sizes = machine.sum(totals).cpu()
    means = sums / sizes
    variances = (squares / sizes - means.square()).clamp_min(0) / (sizes - 1).clamp_min(1)
    return Evaluation(
        figures=dict(zip(names, means.tolist(), strict=True)),
        standard_errors=dict(zip(names, variances.sqrt().tolist(), strict=True)),
        num_pictures=int(sizes[0]),
    )


def _per_picture(name: str, values: torch.Tensor, size: int) -> torch.Tensor:
    if values.shape != (size,):
        raise TrainingError(
            f"evaluate() must return one value per picture, ({size},), for {name!r}; "
            f"got shape {tuple(values.shape)}"
        )
    return values.double()
