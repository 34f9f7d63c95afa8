"""A small model of pictures, texts and labels, without any other plugin."""

from collections.abc import Iterator

import pytest
import torch
from mmgen_plugin_contrastive.config import ContrastiveConfig
from mmgen_plugin_contrastive.network import Contrastive

from mmgen.interfaces import Conditioner
from mmgen.pretrained import build
from mmgen.testing import CLASSES, temporary_plugin
from mmgen.testing import stand_in as stand_in_plugin


@pytest.fixture(autouse=True)
def stand_in() -> Iterator[None]:
    """The kit's encoders, registered."""
    with temporary_plugin(stand_in_plugin, "contract"):
        yield


@pytest.fixture
def model(stand_in: None) -> Contrastive:
    """Pictures of 8×8 in colour, texts and labels."""
    torch.manual_seed(0)
    encoders = {
        "text": build("contract-words", {}),
        "image": build("contract-pixels", {}),
        "label": build("label-embedding", {"classes": CLASSES, "width": 5}),
    }
    conditioner = Conditioner(encoders, width=7)
    return Contrastive(ContrastiveConfig(), conditioner=conditioner).eval()
