"""Tiny networks of every architecture."""

import pytest
import torch
from mmgen_plugin_vae.config import ConvVaeConfig, HierarchicalVaeConfig, MlpVaeConfig
from mmgen_plugin_vae.convolutional import ConvVae
from mmgen_plugin_vae.hierarchical import HierarchicalVae
from mmgen_plugin_vae.mlp import MlpVae

from mmgen.builtin import LabelEmbeddingConfig
from mmgen.interfaces import Conditioner, LabelEmbedding

ARCHITECTURES = {
    "vae": (MlpVae, MlpVaeConfig, {"hidden": 12, "latent_dim": 3}),
    "conv-vae": (ConvVae, ConvVaeConfig, {"widths": (4, 6), "latent_dim": 3}),
    "hierarchical-vae": (
        HierarchicalVae,
        HierarchicalVaeConfig,
        {
            "widths": (4, 6, 8),
            "latents": (0, 1, 2),
            "latent_channels": (0, 2, 3),
            "dense_dim": 3,
            "dense_width": 8,
        },
    ),
}


def make_model(name, *, labels=False, seed=0, perturb=0.3, **config):
    """Return a tiny model in eval mode; its weights are moved, since gates start at zero."""
    network, config_class, tiny = ARCHITECTURES[name]
    torch.manual_seed(seed)
    conditioner = None
    if labels:
        classes = ("a", "b", "c")
        encoder = LabelEmbedding(LabelEmbeddingConfig(classes=classes, width=4))
        conditioner = Conditioner({"label": encoder}, width=5)
    size = {"channels": 1, "height": 8, "width": 8}
    model = network(config_class(**{**size, **tiny, **config}), conditioner=conditioner)
    with torch.no_grad():
        for parameter in model.parameters():
            fan_in = parameter[0].numel() if parameter.ndim > 1 else 1
            parameter.add_(perturb * fan_in**-0.5 * torch.randn_like(parameter))
    return model.eval()


@pytest.fixture(params=sorted(ARCHITECTURES))
def architecture(request):
    """The name of every architecture in turn."""
    return request.param


@pytest.fixture
def build():
    """`make_model`."""
    return make_model


def make_pictures(rows, *, channels=1, height=8, width=8, seed=0):
    """Return pictures of zeros and ones (N, C, H, W)."""
    generator = torch.Generator().manual_seed(seed)
    return (torch.rand((rows, channels, height, width), generator=generator) < 0.4).float()


@pytest.fixture
def pictures():
    """`make_pictures`."""
    return make_pictures
