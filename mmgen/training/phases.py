"""A phase made ready to run: its loss as a module's forward, its optimiser, its average."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from mmgen.errors import TrainingError
from mmgen.interfaces.noise import Noise
from mmgen.interfaces.trainer import Batch, Phase, Trainer
from mmgen.training.config import TrainingConfig
from mmgen.training.ema import MovingAverage
from mmgen.training.optimizers import clip_gradients, make_optimizer, peak_rate, set_rate
from mmgen.training.schedule import rate_factor


class PhaseLoss(nn.Module):
    """A phase's loss as a forward pass, so that gradients synchronise over many devices.

    It owns the phase's parameters and no others: nothing else is synchronised.
    """

    def __init__(self, phase: Phase, *, bf16: bool, device: torch.device, compiled: bool) -> None:
        super().__init__()
        self._parameters_of_phase = nn.ParameterList(phase.parameters)
        self._loss: Callable[..., dict[str, Tensor]] = phase.loss
        if compiled:
            self._loss = torch.compile(phase.loss)
        self._bf16 = bf16
        self._device_type = device.type

    def forward(self, batch: Batch, step: int, rng: Noise) -> dict[str, Tensor]:
        """Return the loss and what is logged beside it, as float32 scalars."""
        if not self._bf16:
            return self._loss(batch, step, rng)
        with torch.autocast(self._device_type, torch.bfloat16):
            losses = self._loss(batch, step, rng)
        return {name: value.float() for name, value in losses.items()}


class RunningPhase:
    """A phase with its optimiser and moving average.

    Args:
        phase: from the trainer.
        config: of the loop.
        num_steps: of the stage.
        prepare: wraps the loss module for many devices (accelerate's).
    """

    def __init__(
        self,
        phase: Phase,
        config: TrainingConfig,
        num_steps: int,
        *,
        device: torch.device,
        prepare: Callable[[nn.Module], nn.Module],
    ) -> None:
        self.phase = phase
        self.name = phase.name
        self.parameters = list(phase.parameters)
        self.optimizer = make_optimizer(phase, config)
        loss = PhaseLoss(
            phase, bf16=config.precision == "bf16", device=device, compiled=config.compile
        )
        self.loss = prepare(loss)
        self.average = (
            MovingAverage(phase.ema, config.ema_decay) if phase.ema and config.ema_decay else None
        )
        self._no_sync = getattr(self.loss, "no_sync", None)
        self._config = config
        self._num_steps = num_steps
        self._peak = peak_rate(phase, config)
        self._changes_rate = bool(config.warmup_steps) or config.schedule != "constant"

    def rate(self, step: int) -> float:
        """Return the learning rate at a step of the stage."""
        return self._peak * rate_factor(self._config, step, self._num_steps)

    def learn(self, parts: Sequence[Batch], rng: Noise, step: int) -> list[dict[str, Tensor]]:
        """Take one optimiser step on the parts of a batch; return their losses, detached."""
        logged = []
        for index, batch in enumerate(parts):
            # Gradients of all but the last part stay on their device.
            alone = self._no_sync is not None and index < len(parts) - 1
            with self._no_sync() if alone else nullcontext():  # type: ignore[misc]
                losses = self.loss(batch, step, rng)
                loss = losses["loss"]
                (loss if len(parts) == 1 else loss / len(parts)).backward()
            logged.append({name: value.detach() for name, value in losses.items()})
        if self._config.clip_norm:
            logged[-1]["gradient_norm"] = clip_gradients(self.parameters, self._config.clip_norm)
        if self._changes_rate:
            set_rate(self.optimizer, self.rate(step))
        self.optimizer.step()
        for parameter in self.parameters:
            parameter.grad = None
        return logged

    def averages(self) -> list[Tensor]:
        """Return the averaged weights; none where no average is kept."""
        return [] if self.average is None else self.average.averages

    def finish_step(self, step: int) -> None:
        """Update the average; let the trainer know."""
        if self.average is not None:
            self.average.update()
        if self.phase.after_step is not None:
            self.phase.after_step(step)


class GradientGate:
    """Sees to it that only a phase's own parameters get gradients while it runs."""

    def __init__(self, trainer: Trainer[Any], frozen: Sequence[nn.Module]) -> None:
        self._all = list(trainer.parameters())
        self._frozen = {id(p) for module in frozen for p in module.parameters()}
        self._open_for = ""

    def open_for(self, phase: str, parameters: Sequence[nn.Parameter]) -> None:
        """Let a phase's parameters, and no others, ask for gradients.

        Raises:
            TrainingError: the phase would update what its stage declares frozen.
        """
        if self._open_for == phase:
            return
        own = {id(parameter) for parameter in parameters}
        if own & self._frozen:
            raise TrainingError(
                f"phase {phase!r} would update parameters that its stage declares frozen"
            )
        for parameter in self._all:
            parameter.requires_grad_(id(parameter) in own)
        self._open_for = phase


@contextmanager
def averages_applied(phases: Sequence[RunningPhase]) -> Iterator[None]:
    """Let the model have its averaged weights for a while."""
    averages = [phase.average for phase in phases if phase.average is not None]
    with _all_applied(averages):
        yield


@contextmanager
def _all_applied(averages: Sequence[MovingAverage]) -> Iterator[None]:
    if not averages:
        yield
        return
    with averages[0].applied(), _all_applied(averages[1:]):
        yield
