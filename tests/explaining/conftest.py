"""A tiny model of labels, texts and rows of pixels, always the same."""

from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
import torch

from mmgen.interfaces import Conditioner, Encoder, Generator
from mmgen.pretrained import build
from mmgen.testing import perturb, stand_in, temporary_plugin
from mmgen.testing.tiny import plugin as tiny

CLASSES = ("cat", "dog", "bird")


@pytest.fixture(autouse=True)
def _tiny_family() -> Iterator[None]:
    plugins = temporary_plugin(tiny, "tiny"), temporary_plugin(stand_in, "stand_in")
    with torch.random.fork_rng(devices=[]), plugins[0], plugins[1]:
        yield


@pytest.fixture
def make_model() -> Callable[..., Generator]:
    """Build a model: make_model(), make_model("tiny-inpainter"), make_model(slots=("text",))."""

    def make(
        architecture: str = "tiny-net", slots: tuple[str, ...] = ("label", "text"), **settings: Any
    ) -> Generator:
        torch.manual_seed(1)
        encoders = {
            "label": lambda: build("label-embedding", {"classes": CLASSES, "width": 4}),
            "text": lambda: build(stand_in.NAME, {"width": 6}),
        }
        chosen = {slot: cast(Encoder, encoders[slot]()) for slot in slots}
        conditioner = Conditioner(chosen, width=5, dropout=0.5, **settings)
        model = build(architecture, {}, conditioner=conditioner)
        perturb(model)
        return cast(Generator, model.eval())

    return make
