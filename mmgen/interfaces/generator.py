"""Generators: a decoder and any set of condition encoders."""

import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, final

import torch
from torch import Tensor

from mmgen.errors import InputError, OptionError, UnsupportedConditionError, did_you_mean
from mmgen.families import load_reference
from mmgen.interfaces.capabilities import Progress
from mmgen.interfaces.condition import Condition
from mmgen.interfaces.conditioner import Conditioner
from mmgen.interfaces.counting import expand_rows, image_numbers, take_rows, whole_number
from mmgen.interfaces.heap import keep_freed_memory
from mmgen.interfaces.memory import report_out_of_memory, room_for
from mmgen.interfaces.model import Model
from mmgen.interfaces.noise import CounterNoise, Noise
from mmgen.interfaces.recipe import write_recipe
from mmgen.interfaces.samples import Samples
from mmgen.interfaces.tiling import plan_tiles, sample_in_tiles
from mmgen.options import MOST_SEED, Options, describe
from mmgen.plugins import manager
from mmgen.slots import Size, Slot
from mmgen.weighting import WEIGHTS, Weights, read_weights, split_weights, weights_by_slot

_BATCH_PIXELS = 256 * 32 * 32 * 3
"""How many values a batch of pictures holds when no batch size is asked for."""


class Generator(Model, ABC):
    """A model that makes pictures. A family defines `size` and `sample`.

    Attributes:
        generation: the options of `generate`.
        spatial_slots: slots that bring pixels and that this family uses.
        uses_tokens, uses_pooled: which of the two forms of a condition the family uses.
        receptive_field: how many px of its spatial slots, on each axis, a pixel of the result
            depends on; None where on all. With it, pictures larger than `tile_px` are made in
            tiles, so that memory does not grow with them.
        tile_px: about how large a tile is.

    Args:
        config: the architecture's config.
        conditioner: the encoders of the semantic slots; None for none.
    """

    generation: ClassVar[type[Options]] = Options
    spatial_slots: ClassVar[tuple[Slot, ...]] = ()
    uses_tokens: ClassVar[bool] = True
    uses_pooled: ClassVar[bool] = True
    receptive_field: int | None = None
    tile_px: int = 512

    def __init__(self, config: Options, *, conditioner: Conditioner | None = None) -> None:
        super().__init__(config)
        self.conditioner = conditioner or Conditioner({}, width=1)
        self.conditioner.restrict(tokens=self.uses_tokens, pooled=self.uses_pooled)
        self.conditioner.refuse_names(
            {"image", "mask", *(slot.name for slot in self.spatial_slots)}
        )
        if any(slot.required for slot in self.spatial_slots) and self.conditioner.num_examples:
            raise OptionError(
                "[conditioner] num_examples is for where nothing is given; this architecture is "
                "always given a picture: leave it out"
            )

    @property
    @abstractmethod
    def size(self) -> Size:
        """The sizes of picture that the model makes."""

    @abstractmethod
    def sample(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
        """Draw len(condition) images (N, C, H, W) in [0, 1]: the family's own mathematics.

        Film is (N, T, C, H, W). Picture i may depend on row i of the condition and of the noise
        alone. Spatial slots are float32, as is `rng.uniform`; all else is of the model's type.
        """

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The named inputs of this model."""
        return (*self.conditioner.slots, *self.spatial_slots)

    def check_conditions(self, conditions: Mapping[str, Any]) -> None:
        """Check contract values that span several slots; raise InputError where they clash."""
        if "mask" in conditions and "image" not in conditions:
            raise InputError("'mask' says what to paint in a picture; give 'image' with it")

    @final
    def generate(
        self,
        num_images: int | None = None,
        *,
        seed: int | None = None,
        indices: Sequence[int] | None = None,
        batch_size: int | None = None,
        progress: Progress | None = None,
        weights: Weights | None = None,
        **inputs: Any,
    ) -> Samples:
        """Draw images that answer the given conditions.

        Image i depends on (seed, i) and its own conditions alone, whatever else is in the batch:
        across batch sizes images agree to float rounding. Safe to call from several threads. The
        model is put into eval mode.

        Args:
            num_images: N >= 1; may be left out where a condition gives N, else it is 1.
            seed: 0 to 2**63 - 1; one is drawn and recorded if none is given.
            indices: the images' numbers, 0 to N - 1 unless told.
            batch_size: how many are drawn at once; None picks by their size.
            progress: called with (done, N).
            weights: how much the semantic slots that are given count, one number for all or
                {slot: number}: 0 as if not given, 1 as it is, above 1 exaggerated, between them
                blended with the others, below 0 the other way (`Condition.weighted`). Or as the
                command line has it, "text:2,label:0.5".
            inputs: the model's slots by name, one value for all images or one each, in any usual
                form (class name or number, path, PIL picture, array, tensor); and options of
                this family (`mmgen info` lists them).

        Returns:
            Samples with N float32 images (N, C, H, W), or film (N, T, C, H, W), in [0, 1], and
            the recipe to make them again.

        Raises:
            UnsupportedConditionError: a condition that this model does not answer; names those
                it does and the models that have it.
            OptionError: an unknown option, or one out of its range.
            InputError: a value that cannot be read, or counts that do not agree.
            OutOfMemoryError: says which batch size fits, or that so many pictures do not.
        """
        given, option_values = self.split_inputs(inputs)
        options = self.generation.build(option_values)
        by_slot = weights_by_slot(
            read_weights(weights), self.conditioner.slot_names, tuple(given), self.title
        )
        conditions = self.read_conditions(given)
        numbers = image_numbers(num_images, indices, conditions)
        seed = secrets.randbits(32) if seed is None else whole_number("seed", seed, 0, MOST_SEED)
        size = self.batch_size_for(conditions, batch_size)
        if self.training:
            self.eval()

        def rows(start: int, stop: int) -> tuple[Condition, Noise]:
            part = take_rows(conditions, start, stop, len(numbers))
            rng = CounterNoise(seed, numbers[start:stop], self.device, self.dtype)
            condition = self.encode_conditions(part, stop - start)
            # Before the weights: what is given and counts 0 is not the same as nothing given.
            return self.conditioner.draw_examples(condition, rng).weighted(by_slot), rng

        images = self.draw(len(numbers), rows, options, batch_size=size, progress=progress)
        recipe = write_recipe(self, numbers, seed, given, conditions, options, size)
        return Samples(images, recipe | ({"weights": by_slot} if by_slot else {}))

    def split_inputs(self, inputs: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the conditions that are given, and the options, of what `generate` takes by name.

        Raises:
            UnsupportedConditionError: a condition that this model does not answer, or one that it
                needs and that is missing.
            OptionError: a name that is neither.
        """
        slots = {slot.name: slot for slot in self.slots}
        options = {info.name for info in describe(self.generation)}
        given = {name: v for name, v in inputs.items() if name in slots and v is not None}
        values = {name: v for name, v in inputs.items() if name in options}
        for name in inputs:
            if name not in slots and name not in options:
                self._refuse(name, inputs[name], options)
        for slot in slots.values():
            if slot.required and slot.name not in given:
                raise UnsupportedConditionError(f"{self.title} needs {slot.name!r}")
        return given, values

    def _refuse(self, name: str, value: Any, options: set[str]) -> None:
        if name in {modality.name for p in manager().plugins for modality in p.modalities}:
            if value is None:
                return
            from mmgen.catalogue import list_models

            found = [e.name for e in list_models(accepts=name) if e.kind == "generator"]
            others = ", ".join(found[:5]) or "none"
            answers = ", ".join(slot.name for slot in self.slots) or "no conditions"
            raise UnsupportedConditionError(
                f"{self.title} does not answer {name!r}; it takes {answers}. "
                f"Models that do: {others}"
            )
        near = did_you_mean(name, [*options, *(slot.name for slot in self.slots)]) or ";"
        raise OptionError(
            f"unknown option {name!r}{near} {self.title} has: "
            f"{', '.join(sorted(options)) or 'none'}"
        )

    def read_conditions(
        self, given: Mapping[str, Any], num_images: int | None = None
    ) -> dict[str, Any]:
        """Bring values by slot, in any usual form, to the tensor contract; K values per slot.

        Args:
            given: None for a slot is the same as leaving it out.
            num_images: with it K must be 1 or this.

        Raises:
            InputError: a value that cannot be read, values that clash, or another K.
        """
        conditions = {}
        for slot in self.slots:
            if given.get(slot.name) is not None:
                read = load_reference(manager().modality(slot.modality).reader)
                conditions[slot.name] = read(given[slot.name], slot, self.size)
        self.check_conditions(conditions)
        if num_images is not None:
            image_numbers(num_images, None, conditions)
        return conditions

    def read_way(
        self, given: Mapping[str, Any], steps: int
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Bring the conditions of an interpolation to the tensor contract.

        Args:
            given: by semantic slot, one value for all steps or one for each; and "weights", how
                much they count, as `generate` takes it.

        Returns:
            Those of all steps, and those of the two ends alone; each with the weights, if any.

        Raises:
            UnsupportedConditionError: what is no semantic slot of this model.
            InputError: fewer than two steps, or what `read_conditions` refuses.
        """
        if steps < 2:
            raise InputError(f"interpolate needs steps of at least 2, for both ends; got {steps}")
        given, weights = self._split_semantic(given)
        conditions = self.read_conditions(given, steps)
        ends = {
            slot: values if len(values) == 1 else values[:: steps - 1]
            for slot, values in conditions.items()
        }
        weighed = {WEIGHTS: weights} if weights else {}
        return conditions | weighed, ends | weighed

    def default_batch_size(self, picture: tuple[int, int] | None = None) -> int:
        """Return how many pictures of (height, width) px are worked on at once, unless told."""
        size = self.size
        height, width = picture or (size.height, size.width)
        if self.receptive_field is not None:
            height, width = min(height, self.tile_px), min(width, self.tile_px)
        values = size.channels * height * width * size.scale**2
        return max(1, min(256, _BATCH_PIXELS // values))

    def batch_size_for(self, conditions: Mapping[str, Any], asked: int | None) -> int:
        """Return how many pictures are drawn at once under contract values by slot.

        Raises:
            InputError: what is asked for is no whole number from 1.
        """
        if asked is None:
            return self.default_batch_size(self._picture(conditions))
        return whole_number("batch_size", asked, 1)

    def _picture(self, spatial: Mapping[str, Any]) -> tuple[int, int] | None:
        """Return height and width of what the spatial slots were given; None without any."""
        names = [slot.name for slot in self.spatial_slots if slot.name in spatial]
        sides = [tuple(spatial[name].shape[-2:]) for name in names]
        return max(sides, default=None)

    def _sample(self, condition: Condition, rng: Noise, options: Options) -> Tensor:
        """Sample in one go, or in tiles where the picture is large."""
        picture = self._picture(condition.spatial)
        if self.receptive_field is None or picture is None or max(picture) <= self.tile_px:
            return self.sample(condition, rng, options)
        margin = self.receptive_field // 2
        tiles = plan_tiles(picture, self.tile_px, margin, self.size.multiple_of or 1)
        return sample_in_tiles(
            lambda part, noise: self.sample(part, noise, options),
            condition,
            rng,
            tiles,
            margin=margin,
            scale=self.size.scale,
        )

    @final
    def draw(
        self,
        total: int,
        rows: Callable[[int, int], tuple[Condition, Noise]],
        options: Any,
        *,
        batch_size: int,
        progress: Progress | None = None,
    ) -> Tensor:
        """Return `total` pictures (N, C, H, W), or film, in [0, 1], float32 on the CPU.

        Args:
            rows: returns condition and noise of the pictures from a number up to another.
            options: an instance of `generation`.
            batch_size, progress: as `generate` takes them.

        Raises:
            OutOfMemoryError: says which batch size fits, or that so many pictures do not.
        """
        if self.device.type == "cpu":
            keep_freed_memory()
        images = torch.empty(0)
        for start in range(0, total, batch_size):
            stop = min(start + batch_size, total)

            @torch.inference_mode()
            def sample(count: int, start: int = start) -> Tensor:
                condition, rng = rows(start, start + count)
                return self._sample(condition, rng, options).float().cpu()

            with report_out_of_memory(sample, stop - start):
                made = sample(stop - start)
            if not start:  # an ordinary tensor: those of inference mode allow less
                images = room_for(total, made.shape[1:])
            if made.shape != (stop - start, *images.shape[1:]):
                raise ValueError(
                    f"{self.title} made {tuple(made.shape)} for {stop - start} pictures; "
                    f"expected {(stop - start, *images.shape[1:])}"
                )
            images[start:stop] = made
            if progress is not None:
                progress(stop, total)
        return images

    def encode_conditions(self, values: Mapping[str, Any], num_images: int) -> Condition:
        """Return the condition for contract values by slot, one for all images or one each."""
        spatial = {
            slot.name: expand_rows(values[slot.name], num_images).to(self.device)
            for slot in self.spatial_slots
            if slot.name in values
        }
        return self.conditioner(
            values, num_images=num_images, device=self.device, spatial=spatial, dtype=self.dtype
        )

    @property
    def condition_width(self) -> int:
        """D of a condition's pooled vector; 0 where there is no semantic slot."""
        return self.conditioner.width if len(self.conditioner.encoders) else 0

    def semantic_condition(self, given: Mapping[str, Any], num_images: int) -> Condition:
        """Return the condition for values of the semantic slots alone, in any usual form.

        For what a family does beside `generate`: `encode`, `decode` and the like. The model is
        put into eval mode.

        Args:
            given: by slot, one value for all images or one each; None is the same as left out;
                and "weights", how much they count, as `generate` takes it.

        Raises:
            UnsupportedConditionError: what is no semantic slot of this model.
            InputError: a value that is not one of the slot's, or neither one nor N values; a
                weight of what is not given.
        """
        given, weights = self._split_semantic(given)
        if self.training:
            self.eval()
        conditions = self.read_conditions(given, num_images)
        return self.encode_conditions(conditions, num_images).weighted(weights)

    def check_images(self, images: Tensor) -> None:
        """Raise InputError unless images are (N, C, H, W) of the model's one size."""
        size = self.size
        if images.ndim != 4 or tuple(images.shape[1:]) != (size.channels, size.height, size.width):
            raise InputError(
                f"images must be (N, {size.channels}, {size.height}, {size.width}) for "
                f"{self.title}; got {tuple(images.shape)}"
            )

    def _split_semantic(self, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, float]]:
        """Return values of semantic slots, which alone are taken, and their weights by slot."""
        values, weights = split_weights(given)
        self._demand_semantic(values)
        there = tuple(name for name, value in values.items() if value is not None)
        slots = self.conditioner.slot_names
        return values, weights_by_slot(weights, slots, there, self.title)

    def _demand_semantic(self, given: Mapping[str, Any]) -> None:
        known = self.conditioner.slot_names
        for name in given:
            if name not in known:
                raise UnsupportedConditionError(
                    f"{self.title} does not answer {name!r} here; "
                    f"it takes {', '.join(known) or 'no conditions'}"
                )

    @property
    def title(self) -> str:
        """The model's name as errors say it."""
        if self.origin is not None:
            return repr(self.origin.name)
        return f"this {self.identity.architecture or type(self).__name__}"
