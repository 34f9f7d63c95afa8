"""How a family learns, and nothing else: stages of phases, each a (parameters, loss) pair."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from torch import Tensor, nn

from mmgen.interfaces.noise import Noise
from mmgen.options import Options

Batch = dict[str, Any]
"""Columns of a batch on the device: "target", float32 (N, C, H, W) in [0, 1], the picture to
learn, and the values given for each slot, under the slot's name (label: int64 (N,))."""

Loss = Callable[[Batch, int, Noise], dict[str, Tensor]]
"""(batch, step, rng) -> named scalars; "loss" is minimised, the others are logged."""

Evaluate = Callable[[Batch, Noise], dict[str, Tensor]]
"""(batch, rng) -> held-out figures, each (N,); the first decides which model is the best."""

OptionsT = TypeVar("OptionsT", bound=Options)


@dataclass(frozen=True, kw_only=True)
class Phase:
    """One (parameters, loss) pair of a training step.

    Attributes:
        parameters: what this phase updates; nothing else gets a gradient from it.
        loss: see `Loss`. Must be finite; is called in train mode.
        learning_rate, betas, weight_decay: None takes the loop's setting.
        every: the phase runs at steps divisible by this (lazy regularisation).
        repeat: how often it runs per step, each time with a fresh batch.
        ema: modules whose moving average the loop keeps (used for samples, saved as the model):
            of parameters, statistics of batch normalisation, and buffers that a module names in
            `averaged_buffers`.
        after_step: called with the step once the parameters are updated.
    """

    name: str
    parameters: Sequence[nn.Parameter]
    loss: Loss
    learning_rate: float | None = None
    betas: tuple[float, float] | None = None
    weight_decay: float | None = None
    every: int = 1
    repeat: int = 1
    ema: Sequence[nn.Module] = ()
    after_step: Callable[[int], None] | None = None


@dataclass(frozen=True, kw_only=True)
class Stage:
    """An ordered part of a training with phases of its own.

    Attributes:
        frozen: modules that this stage does not update.
        encode: where it pays, turns a batch into what the phases learn from; the loop applies it
            once to all the data (first the tokenizer, then the prior on its codes). Texts and clips
            that a batch chooses from are passed on with their choices.
        steps: None takes the loop's setting.
        evaluate: held-out figures of this stage, of batches as the data has them; None takes the
            trainer's.
        makes_pictures: whether samples are worth drawing: not before the part that draws them has
            learned something.
    """

    name: str
    phases: Sequence[Phase]
    frozen: Sequence[nn.Module] = ()
    encode: Callable[[Batch], Batch] | None = None
    steps: int | None = None
    evaluate: Evaluate | None = None
    makes_pictures: bool = True


class Trainer(nn.Module, ABC, Generic[OptionsT]):
    """How a family learns. Subclass it; the loop of `mmgen.training` does the rest.

    It owns networks and state that only training needs (a discriminator, a warm-up's counter) as
    submodules and buffers: they are checkpointed with the run, never published.

    Args:
        model: what is trained; its parameters are real and on the device.
        options: the family's own training options.
    """

    def __init__(self, model: nn.Module, options: OptionsT) -> None:
        super().__init__()
        self.model = model
        self.options = options

    @abstractmethod
    def stages(self) -> Sequence[Stage]:
        """Return the stages in order."""

    @abstractmethod
    def evaluate(self, batch: Batch, rng: Noise) -> dict[str, Tensor]:
        """Return held-out figures, each (N,), one per picture; the loop averages them.

        For stages that have no `evaluate` of their own.

        The first decides which model is the best: lower is better. Called in eval mode without
        gradients.
        """
