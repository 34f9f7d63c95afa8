"""How a denoiser learns: from noisy samples at all times, and what is known of pictures."""

import copy
import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Self

import torch
from torch import Tensor, nn

from mmgen.errors import MmgenWarning, OptionError
from mmgen.interfaces import Batch, Condition, Noise, Phase, Stage, Trainer
from mmgen.nn import channels_last
from mmgen_plugin_diffusion.autoencoder_trainer import mirrored
from mmgen_plugin_diffusion.diffusion import Diffusion
from mmgen_plugin_diffusion.lesson import Lesson
from mmgen_plugin_diffusion.masks import random_masks
from mmgen_plugin_diffusion.objectives import mix, target
from mmgen_plugin_diffusion.options import DiffusionTraining, changed
from mmgen_plugin_diffusion.prompt import Denoiser
from mmgen_plugin_diffusion.shortcut import (
    draw_shortcuts,
    shortcut_levels,
    shortcut_times,
    two_steps,
)
from mmgen_plugin_diffusion.times import spread, training_times


class DiffusionTrainer(Trainer[DiffusionTraining]):
    """Predictions at all times shall be right: Lipman et al. 2023, equation 23; Ho et al. 2020.

    Attributes:
        teacher: an average of the denoiser, which says where short cuts lead; None without them.
        start: the denoiser that the training began with; None where the flow is learned on from
            the data. The smallest short cuts are two steps of its flow, and the flow itself is
            learned from what it predicts, which is free of the noise of single pictures.
    """

    model: Diffusion

    def __init__(self, model: Diffusion, options: DiffusionTraining) -> None:
        super().__init__(model, options)
        channels_last(model)
        self._check_inpainting()
        self.teacher: Denoiser | None = None
        self.start: Denoiser | None = None
        if model.distilled and not options.shortcut:
            warnings.warn(
                f"{model.title} goes on as a flow: its few steps are given up; set "
                "trainer.shortcut to keep them",
                MmgenWarning,
                stacklevel=2,
            )
        model.shortcuts.fill_(int(options.shortcut > 0))
        if options.shortcut:
            if model.config.objective != "flow":
                raise OptionError(
                    "trainer.shortcut joins steps of a flow; the objective is "
                    f"{model.config.objective!r}: leave it out, or set model.objective = 'flow'"
                )
            self._check_guidance()
            self.teacher = copy.deepcopy(model.denoiser).requires_grad_(False)
            if options.shortcut_flow == "start":
                self._demand_flow()
                self.start = copy.deepcopy(self.teacher)
        self.train(self.training)

    def _check_inpainting(self) -> None:
        """Raise OptionError where known pixels are to be shown to whom sees none, or never."""
        share, title = self.options.inpainting_share, self.model.title
        if self.model.config.inpainting and not share:
            raise OptionError(
                f"trainer.inpainting_share = 0 never shows known pixels, and {title} is to paint "
                "by them: set it above 0, or leave out model.inpainting"
            )
        if not self.model.config.inpainting and changed(self.options, "inpainting_share"):
            raise OptionError(
                f"trainer.inpainting_share = {share:g} shows known pixels, and {title} sees none: "
                "set model.inpainting, or leave it out"
            )

    def _check_guidance(self) -> None:
        """Raise OptionError where short cuts cannot be learned under the guidance asked for."""
        conditioner, scale = self.model.conditioner, self.options.shortcut_guidance
        if scale == 1 or (conditioner.slot_names and conditioner.dropout > 0):
            return
        why = (
            "was trained without dropout of conditions, so it knows no pictures without them"
            if conditioner.slot_names
            else "takes no conditions"
        )
        raise OptionError(
            f"trainer.shortcut_guidance = {scale:g} compares pictures with and without conditions, "
            f"and {self.model.title} {why}: set it to 1"
        )

    def _demand_flow(self) -> None:
        """Raise OptionError where there is no flow to keep: a new denoiser predicts 0."""
        if not any(bool(weights.any()) for weights in self.model.denoiser.leave.parameters()):
            raise OptionError(
                "trainer.shortcut_flow = 'start' keeps the flow that a training begins with, and "
                f"{self.model.title} has learned none: go on from a trained model (--from), or set "
                "shortcut_flow = 'average'"
            )

    def train(self, mode: bool = True) -> Self:
        """Set train mode, but not of the teachers."""
        super().train(mode)
        for teacher in self.teachers():
            teacher.eval()
        return self

    def teachers(self) -> list[nn.Module]:
        """Return what says where short cuts lead."""
        return [teacher for teacher in (self.teacher, self.start) if teacher is not None]

    def stages(self) -> Sequence[Stage]:
        """One stage of one phase."""
        return [Stage(name="train", phases=[self.denoising()], frozen=self.kept())]

    def kept(self) -> list[nn.Module]:
        """Return what stays as the training began: the start, and the encoders that it knows."""
        return [] if self.start is None else [self.start, *self.model.conditioner.children()]

    def denoising(self) -> Phase:
        """Return the phase of the denoiser and the encoders of its conditions."""
        model = self.model
        learning = list(model.denoiser.parameters())
        if self.start is None:
            learning += model.conditioner.parameters()
        return Phase(
            name="denoise",
            parameters=[p for p in learning if p.requires_grad],
            loss=self.loss,
            ema=(model.denoiser, model.conditioner),
            after_step=None if self.teacher is None else self.teach,
        )

    @torch.no_grad()
    def teach(self, step: int) -> None:  # noqa: ARG002
        """Move the teacher's weights towards the denoiser's."""
        assert self.teacher is not None
        averages: list[Tensor] = list(self.teacher.parameters())
        current = [parameter.detach() for parameter in self.model.denoiser.parameters()]
        torch._foreach_lerp_(averages, current, 1 - self.options.teacher_decay)

    def loss(self, batch: Batch, step: int, rng: Noise) -> dict[str, Tensor]:  # noqa: ARG002
        """Return the mean squared error of the predictions, and of each kind of them."""
        data, images = self.data_of(batch, rng)
        few = self._num_short(len(data))
        # Of short cuts the times are their own: the rest cover the interval without them.
        shares = spread(rng.uniform((), stream="times").to(data.device)[few:])
        times = training_times(shares, self.options, self.model.config.objective)
        noise = rng.normal(tuple(data.shape[1:]), stream="noise").to(data)
        condition = self.condition_of(batch, len(data), data.device)
        hints = self.random_hints(images, rng)
        if not few:
            lesson = Lesson(data, noise, times, condition, hints)
            return {"loss": self.errors(lesson).mean()}
        levels, starts = draw_shortcuts(rng, few, data.device)
        times = torch.cat([starts.to(times), times])
        lesson = Lesson(data, noise, times, condition, hints).with_shortcuts(levels)
        errors = self.errors(lesson)
        parts = {"shortcut": errors[:few].mean().detach(), "flow": errors[few:].mean().detach()}
        return {"loss": errors.mean(), **parts}

    def _num_short(self, count: int) -> int:
        """Return how many of so many rows learn short cuts: some, but not all of them."""
        share = self.options.shortcut
        if not share:
            return 0
        if count == 1:
            raise OptionError(
                "trainer.shortcut learns short cuts and the flow from parts of the same batch, and "
                "here one picture is looked at a time: raise training.batch_size"
            )
        return min(count - 1, max(1, round(share * count)))

    def data_of(self, batch: Batch, rng: Noise) -> tuple[Tensor, Tensor]:
        """Return what is learned, (N, K, h, w), and the images (N, C, H, W) that it is of."""
        images: Tensor = batch["target"]
        if self.options.flip:
            images = mirrored(images, rng)
        return self.model.to_data(images), images

    def condition_of(self, batch: Batch, count: int, device: torch.device) -> Condition:
        """Return what a batch tells."""
        condition: Condition = self.model.conditioner(batch, num_images=count, device=device)
        return condition

    def random_hints(self, images: Tensor, rng: Noise) -> Tensor | None:
        """Return what the denoiser sees of known pixels: of some pictures a part, else nothing."""
        model = self.model
        if not model.config.inpainting:
            return None
        nothing = model.no_hints(len(images), images.device)
        coin = rng.uniform((), stream="masks/share").to(images.device)
        rows = (coin < self.options.inpainting_share).nonzero()[:, 0]
        if not len(rows):
            return nothing
        sides = (model.config.height, model.config.width)
        mask = random_masks(rng, sides, rows)
        with torch.no_grad():
            seen = model.hints(images[rows].float(), mask)
        return nothing.index_copy(0, rows, seen.to(nothing))

    def errors(self, lesson: Lesson) -> Tensor:
        """Return the mean squared error of each prediction, (N,)."""
        denoiser, objective = self.model.denoiser, self.model.config.objective
        moments = lesson.times[:, None, None, None]
        noisy = mix(objective, lesson.data, lesson.noise, moments)
        wanted = target(objective, lesson.data, lesson.noise, moments)
        if lesson.levels is not None:
            few = lesson.num_short
            flow = wanted[few:] if self.start is None else self.flow_of_start(lesson, noisy)
            wanted = torch.cat([self.shortcut_targets(lesson, noisy), flow])
        inputs = noisy if lesson.hints is None else torch.cat([noisy, lesson.hints], dim=1)
        prompt = denoiser.prepare(lesson.condition)
        output = denoiser(inputs, lesson.times, prompt, lesson.levels).float()
        return (output - wanted).square().flatten(1).mean(dim=1)

    def shortcut_targets(self, lesson: Lesson, noisy: Tensor) -> Tensor:
        """Return where two smaller steps lead, for the rows that learn short cuts."""
        assert self.teacher is not None
        short = lesson.rows(slice(lesson.num_short))
        assert short.levels is not None
        return two_steps(
            self.teacher,
            self.teacher if self.start is None else self.start,
            noisy[: lesson.num_short],
            short.times,
            short.levels,
            short.condition,
            short.hints,
            self.options.shortcut_guidance,
        )

    @torch.no_grad()
    def flow_of_start(self, lesson: Lesson, noisy: Tensor) -> Tensor:
        """Return what the denoiser at the start predicts, for the rows that learn the flow."""
        assert self.start is not None
        rest = noisy[lesson.num_short :]
        if not len(rest):  # where held-out short cuts are judged there are no others
            return rest
        flow = lesson.rows(slice(lesson.num_short, None))
        inputs = rest if flow.hints is None else torch.cat([rest, flow.hints], dim=1)
        prompt = self.start.prepare(flow.condition)
        return self.start(inputs, flow.times, prompt, flow.levels).float()

    def evaluate(self, batch: Batch, rng: Noise) -> dict[str, Tensor]:
        """Return the error of held-out pictures, (N,): the mean over times of even shares.

        A model that learns to inpaint is told known pixels of as large a share of them as of those
        it learns from.
        Where short cuts are learned, also by how much they differ from two of half their size;
        first then comes the loss, of both by their shares.
        """
        images, count = batch["target"], self.options.evaluation_times
        rows = torch.arange(len(images), device=images.device).repeat_interleave(count)
        data = self.model.to_data(images)[rows]
        condition = self.condition_of(batch, len(images), images.device).rows(rows)
        noise = rng.normal((count, *self.model.noisy_shape), stream="noise").to(data).flatten(0, 1)
        shares = ((torch.arange(count) + 0.5) / count).to(images.device)
        times = training_times(shares, self.options, self.model.config.objective)
        hints = self.random_hints(images, rng)
        if hints is not None:
            hints = hints[rows]
        lesson = Lesson(data, noise, times.repeat(len(images)), condition, hints)
        found = {"error": self._per_picture(lesson, count)}
        if self.teacher is not None:
            levels = shortcut_levels(shares).repeat(len(images))
            places = rng.uniform((count,), stream="starts").to(data.device).flatten()
            starts = shortcut_times(levels, places)
            short = replace(lesson, times=starts.to(times)).with_shortcuts(levels)
            found["shortcut_error"] = self._per_picture(short, count)
            loss = found["error"].lerp(found["shortcut_error"], self.options.shortcut)
            return {"loss": loss, **found}
        return found

    def _per_picture(self, lesson: Lesson, count: int) -> Tensor:
        return self.errors(lesson).unflatten(0, (-1, count)).mean(dim=1)
