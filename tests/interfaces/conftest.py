"""Tiny models for the tests of the interfaces."""

from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
import torch

from mmgen.interfaces import Conditioner, LabelEmbedding
from mmgen.pretrained import build
from mmgen.testing import perturb, stand_in, temporary_plugin
from mmgen.testing.tiny import plugin as tiny
from mmgen.testing.tiny.network import TinyNet
from mmgen.testing.words import WordsEncoder

CLASSES = ("cat", "dog", "10")


@pytest.fixture(autouse=True)
def _seeded() -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


@pytest.fixture(autouse=True)
def _tiny_family() -> Iterator[None]:
    with temporary_plugin(tiny, "tiny"), temporary_plugin(stand_in, "stand_in"):
        yield


def make_conditioner(**settings: Any) -> Conditioner:
    torch.manual_seed(1)
    label = cast(LabelEmbedding, build("label-embedding", {"classes": CLASSES, "width": 4}))
    text = cast(WordsEncoder, build(stand_in.NAME, {"width": 6}))
    made = Conditioner({"label": label, "text": text}, width=5, dropout=0.5, **settings)
    perturb(made)
    return made.eval()


@pytest.fixture
def conditioner() -> Conditioner:
    """Labels and texts, in eval mode."""
    return make_conditioner()


@pytest.fixture
def conditioner_with() -> Callable[..., Conditioner]:
    """Build a conditioner of labels and texts with settings of its own."""
    return make_conditioner


@pytest.fixture
def tiny_model() -> Callable[..., TinyNet]:
    """Build a tiny model, always the same: tiny_model(), tiny_model("tiny-inpainter", width=9)."""

    def make(architecture: str = "tiny-net", **config: Any) -> TinyNet:
        conditioner = make_conditioner()
        model = cast(TinyNet, build(architecture, config, conditioner=conditioner))
        perturb(model)
        return model.eval()

    return make
