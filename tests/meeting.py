"""The smallest encoder of several modalities: for tests of the core, which knows no plugin."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from mmgen.errors import UnsupportedConditionError
from mmgen.families import API_VERSION, Architecture, Family
from mmgen.hookspecs import hookimpl
from mmgen.interfaces import Classification, Conditioner, Embedding, Encoder
from mmgen.media.values import read_values
from mmgen.options import Options
from mmgen.slots import Slot


class Meeting(Encoder):
    """Encoders by slot, projected to unit vectors; as an encoder it is that of pictures."""

    modality = "image"

    def __init__(self, config: Options, *, conditioner: Conditioner) -> None:
        super().__init__(config)
        conditioner.restrict(tokens=False, pooled=True, absent=False)
        self.conditioner = conditioner
        self.width = conditioner.width
        self.size = self.pictures.size

    @property
    def pictures(self) -> Encoder:
        found = self.conditioner.encoders["image"]
        assert isinstance(found, Encoder)
        return found

    @property
    def slots(self) -> tuple[Slot, ...]:
        return self.conditioner.slots

    def prepare(self, values: Any) -> dict[str, Tensor]:
        return self.pictures.prepare(values)

    def forward(self, **tensors: Tensor) -> Embedding:
        found = self.pictures(**tensors)
        project = self.conditioner.pooled_projections["image"]
        pooled = functional.normalize(project(found.pooled))
        return Embedding(project(found.tokens), found.token_mask, pooled)

    @torch.inference_mode()
    def embed(self, **values: Any) -> dict[str, Tensor]:
        slots = {slot.name: slot for slot in self.slots}
        if not values or values.keys() - slots.keys():
            raise UnsupportedConditionError(f"it embeds {', '.join(slots)}")
        found = {}
        for name, value in values.items():
            pooled = self.conditioner.encode(name, read_values(slots[name], value), "cpu").pooled
            found[name] = functional.normalize(self.conditioner.pooled_projections[name](pooled))
        return found

    def classify(
        self, images: Any, classes: Sequence[str], *, templates: Sequence[str] = ("{}",)
    ) -> Classification:
        named = self.embed(text=[templates[0].replace("{}", name) for name in classes])["text"]
        cosines = self.embed(image=images)["image"] @ named.T
        return Classification(probabilities=cosines.softmax(dim=1), classes=tuple(classes))


def plugin(network: type[Meeting] = Meeting) -> Any:
    """Return a plugin that registers the architecture "meeting"."""
    architecture = Architecture(
        name="meeting",
        summary="for tests",
        kind="encoder",
        joins_encoders=True,
        network=f"{network.__module__}:{network.__name__}",
        config=Options,
        tasks=("feature-extraction",),
    )
    family = Family(name="meeting", summary="for tests", architectures=(architecture,))
    hook = hookimpl(specname="mmgen_families")(lambda: [family])
    return SimpleNamespace(MMGEN_API=API_VERSION, mmgen_families=hook)
