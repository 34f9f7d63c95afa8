"""A denoiser under a condition: what a sampler asks at each step."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from mmgen.interfaces import Condition
from mmgen_plugin_diffusion.guidance import Branch, branched, joined
from mmgen_plugin_diffusion.objectives import Prediction, read
from mmgen_plugin_diffusion.prompt import Prompt

if TYPE_CHECKING:
    from mmgen_plugin_diffusion.diffusion import Diffusion

_MOST_MOMENTS = 256
"""Rows of a picture, a branch and a time."""


class Predictor:
    """Says of noisy samples what data and noise they are made of, with guidance.

    The branches of guidance are rows of one batch. What does not depend on the samples is computed
    here, once: keys and values of the condition's tokens, and what the layers need of each time,
    which for few pictures costs as much as a layer. Outside the interval of times only the branch
    that sees everything is asked (Kynkäänniemi et al. 2024).

    Args:
        condition: of N pictures.
        branches: the last sees everything.
        hints: what is known, (N, K + 1, h, w); None where nothing is.
        times: at which it will be asked, as far as that is known; any other may be asked for too.
        interval: times between which is guided.
        levels: of the step at each of `times`, as in `TimeEmbedding`; none for the flow itself.
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
        times: Sequence[float] = (),
        interval: tuple[float, float] = (0.0, 1.0),
        levels: Sequence[int] = (),
        looks: list[Tensor] | None = None,
    ) -> None:
        self._model = model
        self._objective = model.config.objective
        self._count = len(condition)
        self._branches = branches
        self._interval = interval
        self._levels = dict(zip(times, levels, strict=True)) if levels else {}
        self._looks = looks
        self._prompt = model.denoiser.prepare(branched(condition, branches), looks)
        self._last = self._prompt.last(self._count)
        self._hints = self._all_hints(hints) if model.config.inpainting else None
        self._moments = self._moments_at(times)

    def _moments_at(self, times: Sequence[float]) -> dict[float, Tensor]:
        """Return what the layers need of each time, (B · N, …), where that is little."""
        rows = self._count * len(self._branches)
        if not times or rows * len(times) > _MOST_MOMENTS:
            return {}
        found = self._moment(times, self._prompt.repeated(len(times)), rows)
        return dict(zip(times, found.split(rows), strict=True))

    def _moment(self, times: Sequence[float], prompt: Prompt, rows: int) -> Tensor:
        """Return what the layers need of times, each of so many rows of the prompt."""
        device, levels = self._model.device, None
        each = torch.tensor(times, device=device).repeat_interleave(rows)
        if self._levels:
            sizes = [self._levels[time] for time in times]
            levels = torch.tensor(sizes, device=device).repeat_interleave(rows)
        return self._model.denoiser.moment(each, prompt, levels)

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
        prompt = self._prompt if guided else self._last
        moment = self._moments.get(time)
        moment = self._moment([time], prompt, rows) if moment is None else moment[-rows:]
        inputs = inputs.to(self._model.dtype)
        output = self._model.denoiser.denoise(inputs, moment, prompt).float()
        if guided:
            self._keep_last_look()
            output = joined(output, self._branches)
        return read(self._objective, noisy, output, torch.full_like(noisy[:, :1, :1, :1], time))

    def _keep_last_look(self) -> None:
        if self._looks is not None:
            self._looks[:] = [look[-self._count :] for look in self._looks]
