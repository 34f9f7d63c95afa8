"""A denoiser under a condition: what a sampler asks at each step."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from mmgen.interfaces import Condition
from mmgen_plugin_diffusion.guidance import Branch, branched, joined
from mmgen_plugin_diffusion.objectives import Prediction, read

if TYPE_CHECKING:
    from mmgen_plugin_diffusion.diffusion import Diffusion


class Predictor:
    """Says of noisy samples what data and noise they are made of, with guidance.

    The branches of guidance are rows of one batch, and keys and values of the condition's tokens
    are computed here, once. Outside the interval of times only the branch that sees everything is
    asked (Kynkäänniemi et al. 2024).

    Args:
        condition: of N pictures.
        branches: the last sees everything.
        hints: what is known, (N, K + 1, h, w); None where nothing is.
        interval: times between which is guided.
        level: of the steps' size, as in `TimeEmbedding`; None for the flow itself.
        looks: where given, the weights of each look at the tokens are left here, of the branch
            that sees everything.
    """

    def __init__(
        self,
        model: "Diffusion",
        condition: Condition,
        branches: Sequence[Branch],
        hints: Tensor | None,
        *,
        interval: tuple[float, float] = (0.0, 1.0),
        level: int | None = None,
        looks: list[Tensor] | None = None,
    ) -> None:
        self._model = model
        self._objective = model.config.objective
        self._count = len(condition)
        self._branches = branches
        self._interval = interval
        self._level = level
        self._looks = looks
        self._prompt = model.denoiser.prepare(branched(condition, branches), looks)
        self._last = self._prompt.last(self._count)
        self._hints = self._all_hints(hints) if model.config.inpainting else None

    def _all_hints(self, hints: Tensor | None) -> Tensor:
        """Return what is known for the rows of every branch."""
        nothing = self._model.no_hints(self._count, self._model.device)
        shown = nothing if hints is None else hints
        return torch.cat([shown if branch.known else nothing for branch in self._branches])

    def __call__(self, noisy: Tensor, time: float) -> Prediction:
        """Return what samples (N, K, h, w) at a time, 0 to 1, are made of."""
        low, high = self._interval
        guided = len(self._branches) > 1 and low <= time <= high
        rows = self._count * (len(self._branches) if guided else 1)
        inputs = noisy.repeat(len(self._branches), 1, 1, 1) if guided else noisy
        if self._hints is not None:
            inputs = torch.cat([inputs, self._hints[-rows:]], dim=1)
        device = inputs.device
        times = torch.full((rows,), time, device=device)
        levels = None
        if self._level is not None:
            levels = torch.full((rows,), self._level, device=device, dtype=torch.int64)
        output = self._model.denoiser(
            inputs.to(self._model.dtype), times, self._prompt if guided else self._last, levels
        ).float()
        if guided:
            self._keep_last_look()
            output = joined(output, self._branches)
        return read(self._objective, noisy, output, times[: self._count, None, None, None])

    def _keep_last_look(self) -> None:
        if self._looks is not None:
            self._looks[:] = [look[-self._count :] for look in self._looks]
