"""The model: an encoder per slot, projected to unit vectors of one space."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgen.errors import (
    InputError,
    OptionError,
    UnsupportedConditionError,
    UnsupportedOperationError,
    did_you_mean,
)
from mmgen.interfaces import (
    Classification,
    Conditioner,
    Embedding,
    Encoder,
    HasFeatures,
)
from mmgen.media.values import read_values
from mmgen.slots import Slot
from mmgen_plugin_contrastive.config import ContrastiveConfig

SHARPEST = 100.0
"""The most that cosines are multiplied by: Radford et al. 2021, section 2.5."""
_AT_ONCE = 256


class Contrastive(Encoder):
    """Encoders of several modalities that meet in one space: Radford et al. 2021.

    As an encoder by itself it is that of its pictures, or, without any, of its first slot: pooled
    is the unit vector, tokens are the encoder's own, brought to the space by the same projection.

    Args:
        conditioner: the encoders by slot, two or more.

    Raises:
        OptionError: fewer than two slots.
    """

    config: ContrastiveConfig

    def __init__(
        self, config: ContrastiveConfig, *, conditioner: Conditioner | None = None
    ) -> None:
        super().__init__(config)
        names = () if conditioner is None else conditioner.slot_names
        if conditioner is None or len(names) < 2:
            raise OptionError(
                "a contrastive model needs an encoder for two slots or more, as [conditions.image] "
                f"and [conditions.text]; got {', '.join(names) or 'none'}"
            )
        conditioner.restrict(tokens=False, pooled=True, absent=False)
        self.conditioner = conditioner
        self.log_scale = nn.Parameter(torch.tensor(-math.log(config.temperature)))
        kinds = {slot.name: slot.modality for slot in conditioner.slots}
        self.main = next((name for name, kind in kinds.items() if kind == "image"), names[0])
        self.modality = kinds[self.main]
        self.width = conditioner.width
        self.size = self._tower(self.main).size

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The inputs by name; none is required."""
        return self.conditioner.slots

    def slot(self, name: str, *, required: bool = False) -> Slot:
        """Return the slot that it fills as an encoder of its main modality."""
        return self._tower(self.main).slot(name, required=required)

    @property
    def scale(self) -> Tensor:
        """What cosines are multiplied by, 1 over the temperature; at most 100."""
        return self.log_scale.clamp(max=math.log(SHARPEST)).exp()

    def prepare(self, values: Any) -> dict[str, Tensor]:
        """Return what the main slot's encoder makes of its values."""
        return self._tower(self.main).prepare(values)

    def forward(self, **tensors: Tensor) -> Embedding:
        """Embed what `prepare` returned: tokens (N, L, D), and pooled (N, D) of length 1."""
        found = self._tower(self.main)(**tensors)
        tokens = self.conditioner.pooled_projections[self.main](found.tokens)
        pooled = self._unit(self.main, found.pooled).to(tokens.dtype)
        return Embedding(tokens, found.token_mask, pooled)

    def vectors(self, slot: str, values: Any) -> Tensor:
        """Return float32 (N, D) of length 1, with gradients, of N contract values of a slot."""
        return self._unit(slot, self.conditioner.encode(slot, values, self.device).pooled)

    def unit_embedding(self, slot: str, values: Any) -> Embedding:
        """Return vectors and tokens of length 1, float32 with gradients, of N contract values."""
        found = self.conditioner.encode(slot, values, self.device)
        tokens, pooled = (self._unit(slot, part) for part in (found.tokens, found.pooled))
        return Embedding(tokens, found.token_mask, pooled)

    @torch.inference_mode()
    def embed(self, **values: Any) -> dict[str, Tensor]:
        """Return unit vectors, float32 (K, D) on the CPU, of each slot that is given K values.

        Args:
            values: by slot, one or several, in any usual form; pictures may be of any sizes.

        Raises:
            UnsupportedConditionError: there is no such slot, or nothing was given.
            InputError: a value that cannot be read.
        """
        slots = {slot.name: slot for slot in self.slots}
        given = {name: value for name, value in values.items() if value is not None}
        for name in given:
            if name not in slots:
                raise UnsupportedConditionError(
                    f"unknown slot {name!r}{did_you_mean(name, slots)}; "
                    f"this model embeds {', '.join(slots)}"
                )
        if not given:
            raise UnsupportedConditionError(f"nothing to embed: give {' or '.join(slots)}")
        if self.training:
            self.eval()
        found = {}
        for name, value in given.items():
            size = self._tower(name).size
            read = read_values(slots[name], value, 3 if size is None else size.channels)
            found[name] = self._vectors_of_all(name, read)
        return found

    def similarity(self, **values: Any) -> Tensor:
        """Return the cosines, float32 (K, M), of K values of one slot and M of another.

        Raises:
            InputError: not two slots are given, or a value cannot be read.
        """
        if len(values) != 2:
            raise InputError(f"similarity is between two slots; got {', '.join(values) or 'none'}")
        first, second = self.embed(**values).values()
        return first @ second.T

    def classify(
        self,
        images: Tensor | Sequence[Tensor],
        classes: Sequence[str],
        *,
        templates: Sequence[str] = ("a photo of a {}",),
    ) -> Classification:
        """Return the probabilities of classes that are only named: see `EmbedsTogether`."""
        pictures, texts = self._slot_of("image"), self._slot_of("text")
        if len(classes) < 2:
            raise InputError(f"classify takes the names of two classes or more; got {classes!r}")
        for template in templates:
            if "{}" not in template:
                raise InputError(
                    f"a template has {{}} where the class's name goes, as 'a photo of a {{}}'; "
                    f"got {template!r}"
                )
        if not templates:
            raise InputError("classify takes one template or more, as 'a photo of a {}'; got none")
        prompts = [template.replace("{}", name) for template in templates for name in classes]
        named = self.embed(**{texts: prompts})[texts].view(len(templates), len(classes), -1)
        targets = F.normalize(named.mean(dim=0), dim=1)
        cosines = self.embed(**{pictures: images})[pictures] @ targets.T
        probabilities = (cosines * self.scale.detach().float().cpu()).softmax(dim=1)
        return Classification(probabilities=probabilities, classes=tuple(classes))

    @property
    def layers(self) -> tuple[str, ...]:
        """What `encode` can give: the main encoder's layers as "<slot>.<layer>", then "pooled"."""
        tower = self._tower(self.main)
        inner = tower.layers if isinstance(tower, HasFeatures) else ()
        return (*(f"{self.main}.{layer}" for layer in inner), "pooled")

    @torch.inference_mode()
    def encode(
        self, images: Tensor | Sequence[Tensor], *, layers: Sequence[str] = ("pooled",)
    ) -> dict[str, Tensor]:
        """Return the features of the main slot's values at named layers.

        Returns:
            By name: "pooled", the unit vectors (N, D), and what the slot's own encoder shows;
            float32, on the CPU.

        Raises:
            InputError: there is no such layer.
        """
        for name in layers:
            if name not in self.layers:
                raise InputError(
                    f"unknown layer {name!r}{did_you_mean(name, self.layers)}; "
                    f"there are {', '.join(self.layers)}"
                )
        found = {}
        inner = [name.partition(".")[2] for name in layers if name != "pooled"]
        tower = self._tower(self.main)
        if inner:
            assert isinstance(tower, HasFeatures)
            shown = tower.encode(images, layers=inner)
            found = {f"{self.main}.{layer}": features for layer, features in shown.items()}
        if "pooled" in layers:
            found["pooled"] = self._vectors_of_all(self.main, images)
        return {name: found[name] for name in layers}

    def _tower(self, slot: str) -> Encoder:
        encoder = self.conditioner.encoders[slot]
        assert isinstance(encoder, Encoder)
        return encoder

    def _slot_of(self, modality: str) -> str:
        for slot in self.slots:
            if slot.modality == modality:
                return slot.name
        raise UnsupportedOperationError(
            f"classes are named for pictures in words; this model has no {modality}, but "
            f"{', '.join(slot.name for slot in self.slots)}"
        )

    def _unit(self, slot: str, pooled: Tensor) -> Tensor:
        return F.normalize(self.conditioner.pooled_projections[slot](pooled).float(), dim=-1)

    def _vectors_of_all(self, slot: str, values: Any) -> Tensor:
        return torch.cat([self.vectors(slot, part).cpu() for part in _in_parts(values)])


def _in_parts(values: Any) -> Iterator[Any]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]
