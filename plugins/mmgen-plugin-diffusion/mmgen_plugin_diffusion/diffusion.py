"""What all generators by diffusion do: from noise to pictures, whatever is noisy."""

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from itertools import compress
from typing import Any, Self

import torch
from torch import Tensor

from mmgen.errors import InputError, OptionError, UnknownNameError
from mmgen.interfaces import Condition, Conditioner, Generator, Noise
from mmgen.nn import spherical
from mmgen.slots import Size, Slot
from mmgen_plugin_diffusion import samplers
from mmgen_plugin_diffusion.config import DiffusionConfig
from mmgen_plugin_diffusion.effects import check_effects, check_few_steps, check_interval
from mmgen_plugin_diffusion.guidance import KNOWN, plan_branches, read_scales
from mmgen_plugin_diffusion.inheritance import check_inheritable
from mmgen_plugin_diffusion.inpainting import repaint, with_known_pixels
from mmgen_plugin_diffusion.masks import shrink, with_even_hole, without_hole
from mmgen_plugin_diffusion.objectives import first_time, mix
from mmgen_plugin_diffusion.options import DiffusionGeneration
from mmgen_plugin_diffusion.predictor import Predictor
from mmgen_plugin_diffusion.prompt import Denoiser
from mmgen_plugin_diffusion.shortcut import MOST_STEPS, few_steps
from mmgen_plugin_diffusion.times import sampling_times

_FEW_STEPS = 4
_EDIT_STRENGTH = 0.6


class Diffusion(Generator):
    """Ho et al. 2020; Lipman et al. 2023; Liu et al. 2023.

    What is noisy is a map (N, K, h, w): pixels in [-1, 1], or latents.

    Attributes:
        denoiser: maps noisy samples, times and a `Prompt` to predictions.
        shortcuts: int64, whether steps of 1/64 to 1 were learned: 1, else 0.
    """

    config: DiffusionConfig
    generation = DiffusionGeneration
    spatial_slots = (
        Slot(name="image", modality="image"),
        Slot(name="mask", modality="mask"),
    )
    denoiser: Denoiser
    shortcuts: Tensor

    def __init__(self, config: DiffusionConfig, *, conditioner: Conditioner | None = None) -> None:
        super().__init__(config, conditioner=conditioner)
        self.register_buffer("shortcuts", torch.zeros((), dtype=torch.int64))

    @property
    def size(self) -> Size:
        """The one size of picture that the config names."""
        config = self.config
        return Size(channels=config.channels, height=config.height, width=config.width)

    @property
    @abstractmethod
    def noisy_shape(self) -> tuple[int, int, int]:
        """K, h and w of what is noisy."""

    @abstractmethod
    def to_data(self, images: Tensor) -> Tensor:
        """Return what is learned, float32 (N, K, h, w), of images (N, C, H, W) in [0, 1]."""

    @abstractmethod
    def to_images(self, data: Tensor) -> Tensor:
        """Return images (N, C, H, W) in [0, 1] of data (N, K, h, w)."""

    def reshaped(self, config: DiffusionConfig) -> Self:
        """Return a model of other settings that begins with what this one learned.

        Patches may be smaller, known pixels seen at last, and whatever no weight depends on.

        Raises:
            OptionError: another setting.
        """
        unet = getattr(config, "network", "transformer") == "unet"
        check_inheritable(
            self.config.to_dict(),
            config.to_dict(),
            network="unet" if unet else "transformer",
            title=self.title,
        )
        found = self._another(config)
        found.identity = self.identity
        found.denoiser.inherit(self.denoiser)
        found.shortcuts.copy_(self.shortcuts)
        return found.to(self.device)

    @abstractmethod
    def _another(self, config: Any) -> Self:
        """Return a new model of another config, of this one's conditioner and parts."""

    @property
    def num_hints(self) -> int:
        """Further channels that the denoiser sees: known data, and where to paint."""
        return self.noisy_shape[0] + 1 if self.config.inpainting else 0

    def hints(self, images: Tensor, mask: Tensor) -> Tensor:
        """Return what the denoiser sees of known pixels, (N, K + 1, h, w).

        Where there is nothing to paint it is the data of the picture without its hole, elsewhere 0.

        Args:
            images: (N, C, H, W) in [0, 1]; what the mask leaves out is not looked at.
            mask: (N, 1, H, W), 1 = paint here.
        """
        share = shrink(mask.float(), self.noisy_shape[1:])
        known = self.to_data(without_hole(images, mask))
        return torch.cat([known * (share < 1), share], dim=1)

    def no_hints(self, count: int, device: torch.device) -> Tensor:
        """Return what the denoiser sees where nothing is known."""
        channels, height, width = self.noisy_shape
        nothing = torch.zeros(count, channels, height, width, device=device)
        return torch.cat([nothing, torch.ones(count, 1, height, width, device=device)], dim=1)

    def check_conditions(self, conditions: Mapping[str, Any]) -> None:
        """Demand a mask that leaves something to paint and something to keep."""
        super().check_conditions(conditions)
        mask = conditions.get("mask")
        if mask is None:
            return
        share = mask.flatten(1).mean(dim=1)
        if bool((share == 0).any()):
            raise InputError(
                "'mask' says where to paint (1, white; one half and less is 0); this one is 0 "
                "everywhere: make some of it white, or leave it out"
            )
        if bool((share == 1).any()):
            raise InputError(
                "'mask' says what to keep (0, black); this one is 1 everywhere: leave out image "
                "and mask to paint a whole picture"
            )

    def sample(self, condition: Condition, rng: Noise, options: DiffusionGeneration) -> Tensor:
        """Draw images (N, C, H, W) in [0, 1].

        With image and mask, what the mask keeps stays bit for bit. With an image alone, the picture
        is an edit of it.
        """
        return self._make(condition, rng, options, None)

    @torch.inference_mode()
    def attention_maps(
        self, condition: Condition, rng: Noise, options: DiffusionGeneration
    ) -> Tensor:
        """Return where each token of a condition was looked at, float32 (N, L, h, w).

        The mean of the weights of attention over all steps, layers and heads, while the pictures
        are drawn (Tang et al. 2023, section 2.2).
        """
        looks: list[Tensor] = []
        self._make(condition, rng, options, looks)
        if not looks:
            return torch.zeros(len(condition), 0, *self.denoiser.grid)
        weights = torch.stack(looks).mean(dim=0)  # (N, h · w, L)
        return weights.transpose(1, 2).unflatten(2, self.denoiser.grid).cpu()

    def _make(
        self,
        condition: Condition,
        rng: Noise,
        options: DiffusionGeneration,
        looks: list[Tensor] | None,
    ) -> Tensor:
        image, mask = (condition.spatial.get(name) for name in ("image", "mask"))
        check_effects(
            options,
            image=image is not None,
            mask=mask is not None,
            inpaints=self.config.inpainting,
            title=self.title,
        )
        if image is None:
            return self.to_images(self._denoise(condition, rng, options, 1.0, looks=looks))
        if mask is None:
            strength = options.strength or _EDIT_STRENGTH
            start = self.to_data(image)
            data = self._denoise(condition, rng, options, strength, start=start, looks=looks)
            return self.to_images(data)
        made = self.to_images(self._paint(condition, rng, options, image, mask, looks))
        return torch.where(mask > 0.5, made, image.to(made))

    def _paint(
        self,
        condition: Condition,
        rng: Noise,
        options: DiffusionGeneration,
        image: Tensor,
        mask: Tensor,
        looks: list[Tensor] | None,
    ) -> Tensor:
        """Return data of which the known part is about that of the image."""
        strength = options.strength or 1.0
        start = self.to_data(image) if strength < 1 else None
        if self.config.inpainting:
            hints = self.hints(image, mask)
            return self._denoise(
                condition, rng, options, strength, start=start, hints=hints, looks=looks
            )
        objective = self.config.objective
        times = self._times(options, strength)
        predict: samplers.Predict = self._predictor(
            condition, options, None, times=times[:-1], looks=looks
        )
        share = shrink(mask, self.noisy_shape[1:])
        if self.noisy_shape[1:] != mask.shape[2:]:  # a place of latents is many pixels
            ways = {"to_images": self.to_images, "to_data": self.to_data}
            predict = with_known_pixels(predict, objective, image, mask, **ways)
        return repaint(
            predict,
            self._noisy(rng, times[0], start),
            times,
            objective,
            known=self.to_data(with_even_hole(image, mask)),
            keep=share == 0,
            repeats=options.resampling,
            rng=rng,
        )

    def _denoise(
        self,
        condition: Condition,
        rng: Noise,
        options: DiffusionGeneration,
        strength: float,
        *,
        start: Tensor | None = None,
        hints: Tensor | None = None,
        looks: list[Tensor] | None = None,
    ) -> Tensor:
        """Return data (N, K, h, w), drawn anew or from a start."""
        objective = self.config.objective
        inverts = start is not None and options.edit == "inversion"
        levels: list[int] = []
        if strength == 1 and not inverts and self._takes_short_cuts(options):
            times, levels = few_steps(options.steps or _FEW_STEPS)
        else:
            times = self._times(options, strength)
        if start is not None and inverts:
            noisy = self._own_noise(start, condition, options, times)
        else:
            noisy = self._noisy(rng, times[0], start)
        predict = self._predictor(
            condition, options, hints, times=times[:-1], levels=levels, looks=looks
        )
        sampler = "euler" if levels else options.sampler or "dpm++"
        if sampler == "ancestral":
            return samplers.ancestral(predict, noisy, times, objective, rng)
        go = {"euler": samplers.euler, "heun": samplers.heun, "dpm++": samplers.dpm_solver}
        return go[sampler](predict, noisy, times, objective)

    def _noisy(self, rng: Noise, time: float, start: Tensor | None) -> Tensor:
        """Return noise, mixed with a start where there is one, float32 (N, K, h, w)."""
        noise = rng.normal(self.noisy_shape, stream="noise").float()
        if start is None:
            return noise
        return mix(self.config.objective, start, noise, torch.tensor(time, device=noise.device))

    @property
    def distilled(self) -> bool:
        """Whether a few steps were learned."""
        return bool(self.shortcuts)

    def _takes_short_cuts(self, options: DiffusionGeneration) -> bool:
        """Return whether a new picture is drawn by the steps that a distilled model learned.

        Raises:
            OptionError: by them, but with what they have no say in.
        """
        if not self.distilled or options.sampler or (options.steps or 0) > MOST_STEPS:
            return False
        guided = any(scale != 1 for scale in self._scales(options, 1.0).values())
        check_few_steps(options, guided=guided, title=self.title)
        return True

    def _scales(self, options: DiffusionGeneration, default: float) -> dict[str, float]:
        """Return the scale of guidance of each slot that has one."""
        return read_scales(
            options.guidance_scale,
            default,
            self.conditioner,
            inpaints=self.config.inpainting,
            title=self.title,
        )

    def _times(self, options: DiffusionGeneration, strength: float) -> list[float]:
        """Return falling times from the strength to 0."""
        steps = max(1, math.ceil((options.steps or self.config.steps) * strength - 1e-9))
        start = first_time(self.config.objective) * strength
        return sampling_times(steps, start=start, shift=options.shift or self.config.shift)

    def _source(self, condition: Condition, options: DiffusionGeneration) -> Condition:
        """Return what is said of the image that an edit starts from."""
        if options.source is None:
            return condition.without()
        texts = [slot.name for slot in self.conditioner.slots if slot.modality == "text"]
        if not texts:
            raise OptionError(
                f"option 'source' is a text of what the image shows, and {self.title} takes no "
                "text: leave it out"
            )
        return self.semantic_condition({texts[0]: options.source}, len(condition))

    def _predictor(
        self,
        condition: Condition,
        options: DiffusionGeneration,
        hints: Tensor | None,
        *,
        times: Sequence[float] = (),
        levels: Sequence[int] = (),
        looks: list[Tensor] | None = None,
    ) -> Predictor:
        """Return what predicts under a condition, guided as the options say."""
        scales = self._scales(options, 1.0 if levels else self.config.guidance_scale)
        check_interval(options, guided=any(scale != 1 for scale in scales.values()))
        if hints is None and KNOWN in scales:
            raise OptionError(
                f"option 'guidance_scale' names {KNOWN!r}, which pulls towards known pixels: give "
                "image and mask, or leave it out"
            )
        told = condition.present.any(dim=0).tolist()  # to leave out what is not given is no branch
        branches = plan_branches(scales, list(compress(condition.slot_names, told)))
        low, high = options.guidance_interval
        return Predictor(
            self,
            condition,
            branches,
            hints,
            times=times,
            interval=(low, high),
            levels=levels,
            looks=looks,
        )

    def _own_noise(
        self, start: Tensor, condition: Condition, options: DiffusionGeneration, times: list[float]
    ) -> Tensor:
        """Return the noise that leads to each start; where all are one, it is sought once."""
        rows = start[:1] if bool((start == start[:1]).all()) else start
        first = condition.rows(torch.arange(len(rows), device=start.device))
        return self._invert(rows, self._source(first, options), times).expand_as(start)

    def _invert(self, data: Tensor, condition: Condition, falling: list[float]) -> Tensor:
        """Return the noisy samples that the flow leads to data, without guidance."""
        predict = Predictor(self, condition, plan_branches({}, ()), None, times=falling)
        return samplers.heun(predict, data, falling[::-1], self.config.objective)

    @torch.inference_mode()
    def encode(self, images: Tensor, *, space: str = "z", **conditions: Any) -> Tensor:
        """Return the noise, float32 (N, K, h, w), that leads to images (N, C, H, W) in [0, 1].

        The flow is followed back from the picture under the conditions, without guidance (Song et
        al. 2021, section 4.3).

        Raises:
            UnknownNameError: a space other than "z".
        """
        if space != "z":
            raise UnknownNameError(f"unknown latent space {space!r}; {self.title} has 'z'")
        self.check_images(images)
        condition = self.semantic_condition(conditions, len(images))
        return self._invert(self.to_data(images.to(self.device)), condition, self._way())

    @torch.inference_mode()
    def decode(self, latents: Tensor, **conditions: Any) -> Tensor:
        """Return the images (N, C, H, W) in [0, 1] that noise (N, K, h, w) leads to.

        Without guidance: what `encode` returned comes back, under other conditions as their
        picture.
        """
        if latents.ndim != 4 or tuple(latents.shape[1:]) != self.noisy_shape:
            shape = ", ".join(map(str, self.noisy_shape))
            raise InputError(
                f"latents of {self.title} are (N, {shape}); got {tuple(latents.shape)}"
            )
        condition = self.semantic_condition(conditions, len(latents))
        way = self._way()
        predict = Predictor(self, condition, plan_branches({}, ()), None, times=way[:-1])
        noisy = latents.to(self.device).float()
        data = samplers.heun(predict, noisy, way, self.config.objective)
        return self.to_images(data)

    def _way(self) -> list[float]:
        """Return the times of a way that is gone in both directions."""
        start = first_time(self.config.objective)
        return sampling_times(self.config.steps, start=start, shift=1.0)

    def interpolate(self, a: Tensor, b: Tensor, steps: int, **conditions: Any) -> Tensor:
        """Return images (steps, C, H, W) in [0, 1] from a to b, each (C, H, W), both included.

        The noise turns from a's to b's on a sphere. Conditions are one for all images or one for
        each step: the first is a's, the last b's.
        """
        for end in (a, b):
            self.check_images(end[None])
        conditions, of_ends = self.read_way(conditions, steps)
        ends = self.encode(torch.stack([a, b]), **of_ends)
        weights = torch.linspace(0, 1, steps, device=ends.device)
        return self.decode(spherical(ends[0], ends[1], weights), **conditions)
