"""Tiny networks of both architectures."""

import pytest
import torch
from mmgen_plugin_gan.config import DcganConfig, MlpGanConfig
from mmgen_plugin_gan.convolutional import Dcgan
from mmgen_plugin_gan.mlp import MlpGan

from mmgen.builtin import LabelEmbeddingConfig
from mmgen.interfaces import Conditioner, LabelEmbedding
from mmgen.testing import perturb

ARCHITECTURES = {
    "gan": (MlpGan, MlpGanConfig, {"hidden": 16, "depth": 2}),
    "dcgan": (Dcgan, DcganConfig, {"widths": (8, 6)}),
}


def make_model(name, *, labels=False, **config):
    """Return a tiny model in eval mode; its weights are moved, since gates start at zero."""
    network, config_class, tiny = ARCHITECTURES[name]
    torch.manual_seed(0)
    conditioner = None
    if labels:
        encoder = LabelEmbedding(LabelEmbeddingConfig(classes=("a", "b", "c"), width=4))
        conditioner = Conditioner({"label": encoder}, width=5, dropout=0.4)
    size = {"channels": 1, "height": 8, "width": 8, "latent_dim": 6}
    model = network(config_class(**{**size, **tiny, **config}), conditioner=conditioner)
    perturb(model)
    return model.eval()


@pytest.fixture(params=sorted(ARCHITECTURES))
def architecture(request):
    """The name of each architecture in turn."""
    return request.param


@pytest.fixture
def build():
    """`make_model`."""
    return make_model
