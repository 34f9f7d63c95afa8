"""The losses of the last interval, kept on the device and read all at once."""

import torch
from torch import Tensor

from mmgen.errors import TrainingError
from mmgen.training.health import ExplosionWatch, first_not_finite
from mmgen.training.machine import Machine


class LossLog:
    """Collects the losses of every step without waiting for the device.

    Reading a value makes the processor wait for the device; so values are collected, and read and
    tested together once an interval.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._entries: list[tuple[str, int, dict[str, Tensor]]] = []
        self._watches: dict[str, ExplosionWatch] = {}

    def add(self, phase: str, step: int, losses: dict[str, Tensor]) -> None:
        """Keep the detached scalars of one step (or part of a batch)."""
        self._entries.append((phase, step, losses))

    def read(self, *, several_phases: bool) -> tuple[dict[str, float], list[str]]:
        """Return the mean of each figure since the last call, and warnings.

        With several phases a figure is called "phase/name".

        Raises:
            TrainingError: a loss was NaN or infinite; names the first such step and its phase.
        """
        entries, self._entries = self._entries, []
        if not entries:
            return {}, []
        scalars = [value for _, _, losses in entries for value in losses.values()]
        table = torch.stack([value.reshape(()).to(self._machine.device) for value in scalars])
        values = iter(self._machine.mean(table.float()).tolist())
        named = [
            (phase, step, {name: next(values) for name in losses})
            for phase, step, losses in entries
        ]
        self._refuse_nan(named)
        warnings = []
        figures: dict[str, float] = {}
        for phase in dict.fromkeys(phase for phase, _, _ in named):
            means = _means([losses for owner, _, losses in named if owner == phase])
            warning = self._watches.setdefault(phase, ExplosionWatch()).add(means["loss"])
            warnings += [warning] if warning else []
            prefix = f"{phase}/" if several_phases else ""
            figures |= {f"{prefix}{name}": value for name, value in means.items()}
        return figures, warnings

    def _refuse_nan(self, named: list[tuple[str, int, dict[str, float]]]) -> None:
        bad = first_not_finite([losses["loss"] for _, _, losses in named])
        if bad is not None:
            phase, step, losses = named[bad]
            raise TrainingError(f"the loss of phase {phase!r} is {losses['loss']} at step {step:,}")


def _means(rows: list[dict[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: _mean([row[name] for row in rows if name in row]) for name in names}


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
