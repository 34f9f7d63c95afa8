"""Tiny models, told of labels and of words."""

import pytest
import torch
from mmgen_plugin_diffusion.config import LatentDiffusionConfig, PixelDiffusionConfig
from mmgen_plugin_diffusion.latent import LatentDiffusion
from mmgen_plugin_diffusion.pixel import PixelDiffusion

from mmgen.builtin import LabelEmbeddingConfig
from mmgen.interfaces import Conditioner, LabelEmbedding, TrainingNoise
from mmgen.testing import perturb
from mmgen.testing.stand_in import WordsConfig
from mmgen.testing.words import WordsEncoder

TINY = {
    "channels": 1,
    "height": 8,
    "width": 8,
    "hidden": 16,
    "depth": 2,
    "heads": 2,
    "patch": 2,
    "steps": 6,
}
LATENT = {"autoencoder_widths": (6,), "autoencoder_blocks": (1,), "latent_channels": 4}


def make_conditioner(dropout=0.3):
    """Return a conditioner of labels and words."""
    encoders = {
        "label": LabelEmbedding(LabelEmbeddingConfig(classes=("a", "b", "c"), width=4)),
        "text": WordsEncoder(WordsConfig(width=5)),
    }
    return Conditioner(encoders, width=7, dropout=dropout)


def make_model(kind="latent", *, told=True, dropout=0.3, perturbed=True, **config):
    """Return a tiny model in eval mode; its weights are moved, since gates start at zero."""
    torch.manual_seed(0)
    conditioner = make_conditioner(dropout) if told else None
    if kind == "latent":
        model = LatentDiffusion(
            LatentDiffusionConfig(**(TINY | LATENT | config)), conditioner=conditioner
        )
    else:
        model = PixelDiffusion(PixelDiffusionConfig(**(TINY | config)), conditioner=conditioner)
    if perturbed:
        perturb(model)
    return model.eval()


def make_pictures(count=6, channels=1, seed=0):
    """Return smooth pictures (count, channels, 8, 8) in [0, 1]."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(count, channels, 3, 3, generator=generator)
    return torch.nn.functional.interpolate(coarse, (8, 8), mode="bilinear", align_corners=True)


def make_batch(count=6):
    """Return a batch as the loop gives it."""
    texts = ["red square", "blue", "a red square on the left"]
    return {
        "target": make_pictures(count),
        "label": torch.arange(count) % 3,
        "text": [texts[row % 3] for row in range(count)],
    }


@pytest.fixture(scope="session")
def build():
    """`make_model`."""
    return make_model


def follow(trainer, loss, batch, steps, rate, after=None):
    """Follow the gradient of a trainer's loss on one batch, from a fixed seed."""
    trainer.train()
    optimizer = torch.optim.Adam(trainer.model.parameters(), lr=rate)
    torch.manual_seed(0)
    for step in range(steps):
        optimizer.zero_grad()
        loss(batch, step, TrainingNoise(len(next(iter(batch.values())))))["loss"].backward()
        optimizer.step()
        if after is not None:
            after(step)
    trainer.eval()
    trainer.model.eval()


@pytest.fixture(scope="session")
def learn():
    """`follow`."""
    return follow


@pytest.fixture(scope="session")
def pictures():
    """`make_pictures`."""
    return make_pictures


@pytest.fixture
def batch():
    """`make_batch` of six rows."""
    return make_batch()
