"""Checks of a trainer: who learns, from what, and that its losses go down."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from mmgen.interfaces import Batch, CounterNoise, Phase, Stage, Trainer, TrainingNoise
from mmgen.interfaces.trainer import Evaluate
from mmgen.testing.case import Case, EncoderCase, check
from mmgen.testing.outcome import ContractError, demand, demand_alike
from mmgen.testing.values import learning_batch

_COUNT = 6
_ATTEMPTS = 4
_STEP_LENGTHS = (0.1, 0.03, 0.01, 3e-3, 1e-3, 3e-4)


def names_of(trainer: Trainer[Any]) -> dict[int, str]:
    """Return the trainer's parameters' names by id."""
    return {id(parameter): name for name, parameter in trainer.named_parameters()}


def batch_for(case: Case, trainer: Trainer[Any], stage: Stage, seed: int = 0) -> Batch:
    """Return a batch as the stage's phases get it."""
    batch = _rows(case, seed)
    if stage.encode is None:
        return batch
    trainer.eval()
    with torch.no_grad():
        batch = stage.encode(batch)
    train_mode(trainer, stage)
    return batch


def _rows(case: Case, seed: int = 0) -> Batch:
    if isinstance(case, EncoderCase) and case.build().size is None:
        data = case.learning_data(2 * _COUNT)
        return data.batch(torch.arange(seed, seed + _COUNT))
    size: Any = case.build().size
    return learning_batch(size, _COUNT, seed, case.texts)


def train_mode(trainer: Trainer[Any], stage: Stage) -> None:
    """Put the trainer into train mode, and what the stage freezes into eval mode."""
    trainer.train()
    for module in stage.frozen:
        module.eval()


@contextmanager
def only_for(trainer: Trainer[Any], phase: Phase) -> Iterator[None]:
    """Let only the phase's parameters ask for gradients, as the loop does."""
    asked = {id(parameter) for parameter in phase.parameters}
    before = [(parameter, parameter.requires_grad) for parameter in trainer.parameters()]
    for parameter, _ in before:
        parameter.requires_grad_(id(parameter) in asked)
    try:
        yield
    finally:
        for parameter, requires_grad in before:
            parameter.requires_grad_(requires_grad)
            parameter.grad = None


def read_losses(phase: Phase, losses: Any) -> Tensor:
    """Return the loss that a phase minimises, once what it returned is in order."""
    where = f"phase {phase.name!r}"
    demand(
        isinstance(losses, dict) and "loss" in losses,
        f"{where} must return a dict with 'loss'; got {losses!r:.60}",
    )
    for name, value in losses.items():
        demand(
            isinstance(value, Tensor) and value.numel() == 1,
            f"{where}: {name!r} must be a scalar tensor; got {value!r:.60}",
        )
        demand(bool(value.isfinite()), f"{where}: {name!r} must be finite; got {value.item()}")
    loss: Tensor = losses["loss"]
    demand(loss.requires_grad, f"{where}: the loss must depend on the phase's parameters")
    return loss


@check
def check_stages_are_in_order(case: Case) -> None:
    """Stages and phases have names of their own, and update what will be checkpointed."""
    trainer = case.build_trainer()
    stages = list(trainer.stages())
    demand(bool(stages), "a trainer must have at least one stage")
    _demand_distinct([stage.name for stage in stages], "stages")
    names = names_of(trainer)
    for stage in stages:
        where = f"stage {stage.name!r}"
        demand(bool(stage.phases), f"{where} must have at least one phase")
        _demand_distinct([phase.name for phase in stage.phases], f"phases of {where}")
        frozen = {id(p) for module in stage.frozen for p in module.parameters()}
        for phase in stage.phases:
            claimed = [id(parameter) for parameter in phase.parameters]
            demand(bool(claimed), f"phase {phase.name!r} must have parameters")
            demand(
                len(set(claimed)) == len(claimed), f"phase {phase.name!r} names a parameter twice"
            )
            demand(
                set(claimed) <= names.keys(),
                f"phase {phase.name!r} updates parameters that are not the trainer's: "
                "they would not be checkpointed",
            )
            both = [names[item] for item in claimed if item in frozen]
            demand(not both, f"phase {phase.name!r} updates {both[:1]}, which {where} freezes")


def _demand_distinct(names: Sequence[str], what: str) -> None:
    demand(len(set(names)) == len(names), f"{what} must have distinct names; got {list(names)}")


@check
def check_every_parameter_learns(case: Case) -> None:
    """A claimed parameter gets a gradient; any other is frozen or is updated otherwise."""
    trainer = case.build_trainer()
    names = names_of(trainer)
    learned: set[int] = set()
    for stage in trainer.stages():
        train_mode(trainer, stage)
        idle = {id(p) for module in stage.frozen for p in module.parameters()}
        for phase in stage.phases:
            for parameter in _without_gradient(case, trainer, stage, phase):
                raise ContractError(
                    f"phase {phase.name!r} claims {names[id(parameter)]!r}, "
                    "which gets no gradient from its loss"
                )
            idle |= {id(parameter) for parameter in phase.parameters}
            idle |= _changed_after(trainer, phase)
        left = [name for key, name in names.items() if key not in idle]
        demand(
            not left,
            f"stage {stage.name!r}: {left[:1]} is claimed by no phase, not declared frozen, "
            "and not updated otherwise",
        )
        learned |= {id(p) for phase in stage.phases for p in phase.parameters}
    demand(bool(learned), "a trainer must update some parameter")


def _without_gradient(
    case: Case, trainer: Trainer[Any], stage: Stage, phase: Phase
) -> list[nn.Parameter]:
    """Return the phase's parameters whose gradient is missing, or zero for every batch."""
    left = list(phase.parameters)
    with only_for(trainer, phase):
        for attempt in range(_ATTEMPTS):
            batch = batch_for(case, trainer, stage, seed=attempt)
            losses = phase.loss(batch, 0, TrainingNoise(_COUNT))
            read_losses(phase, losses).backward()
            for parameter in phase.parameters:
                if parameter.grad is not None:
                    demand(
                        bool(parameter.grad.isfinite().all()),
                        f"phase {phase.name!r}: gradients must be finite",
                    )
            left = [p for p in left if p.grad is None or not bool(p.grad.any())]
            if not left:
                break
    return left


def _changed_after(trainer: Trainer[Any], phase: Phase) -> set[int]:
    """Return the parameters that the phase updates by itself after a step (a moving average)."""
    if phase.after_step is None:
        return set()
    with torch.no_grad():
        for parameter in phase.parameters:
            parameter.add_(1e-2)
        before = {id(p): p.clone() for p in trainer.parameters()}
        phase.after_step(0)
    return {id(p) for p in trainer.parameters() if not torch.equal(p, before[id(p)])}


@check
def check_each_phase_lowers_its_loss(case: Case) -> None:
    """A small step down a phase's gradient, all else and the noise fixed, lowers its loss."""
    trainer = case.build_trainer()
    for stage in trainer.stages():
        train_mode(trainer, stage)
        batch = batch_for(case, trainer, stage)
        for phase in stage.phases:
            if phase.name not in case.not_descending:
                _demand_descent(trainer, phase, batch)


def _demand_descent(trainer: Trainer[Any], phase: Phase, batch: Batch) -> None:
    state = {name: value.clone() for name, value in trainer.state_dict().items()}

    def measure() -> Tensor:
        torch.manual_seed(0)
        rng = CounterNoise(0, range(_COUNT))
        return read_losses(phase, phase.loss(dict(batch), 0, rng))

    with only_for(trainer, phase):
        parameters = list(phase.parameters)
        loss = measure()
        gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
        trainer.load_state_dict(state)
        again = measure().detach()
        trainer.load_state_dict(state)
        demand_alike(
            loss.detach(),
            again,
            1e-5 * max(1.0, abs(loss.item())),
            f"phase {phase.name!r}: the same batch, noise and weights must give the same loss",
        )
        lowered = any(
            _loss_after(parameters, gradients, length, trainer, state, measure) < loss.item()
            for length in _STEP_LENGTHS
        )
    demand(
        lowered, f"phase {phase.name!r}: no small step down the gradient lowers its loss {loss:.5g}"
    )


def _loss_after(
    parameters: Sequence[nn.Parameter],
    gradients: Sequence[Tensor | None],
    length: float,
    trainer: Trainer[Any],
    state: dict[str, Tensor],
    measure: Callable[[], Tensor],
) -> float:
    """Return the loss after a step of a length down the gradient; the weights are put back."""
    squares = [gradient.square().sum() for gradient in gradients if gradient is not None]
    norm = float(torch.stack(squares).sum().sqrt()) if squares else 0.0
    with torch.no_grad():
        for parameter, gradient in zip(parameters, gradients, strict=True):
            if gradient is not None and norm > 0:
                parameter.sub_(gradient, alpha=length / norm)
    value = measure().item()
    trainer.load_state_dict(state)
    return value


@check
def check_evaluation(case: Case) -> None:
    """evaluate gives finite figures per picture, which mix no pictures unless the case says why."""
    trainer = case.build_trainer().eval()
    for stage in trainer.stages():
        _check_figures(case, stage.evaluate or trainer.evaluate)


def _check_figures(case: Case, evaluate: Evaluate) -> None:
    batch = _rows(case)
    with torch.no_grad():
        figures = evaluate(dict(batch), CounterNoise(0, range(_COUNT)))
        part = {name: value[2:4] for name, value in batch.items()}
        few = evaluate(part, CounterNoise(0, [2, 3]))
    demand(bool(figures), "evaluate must return at least one figure, which decides")
    for name, values in figures.items():
        demand(
            values.shape == (_COUNT,),
            f"evaluate: {name!r} must be (N,), one per picture; got {tuple(values.shape)}",
        )
        demand(bool(values.isfinite().all()), f"evaluate: {name!r} must be finite")
        if isinstance(case, EncoderCase) and case.compares:
            continue
        scale = max(1.0, float(values.abs().max()))
        demand_alike(
            values[2:4],
            few[name],
            case.tolerance * scale,
            f"evaluate: {name!r} must not depend on the other pictures of the batch",
        )
