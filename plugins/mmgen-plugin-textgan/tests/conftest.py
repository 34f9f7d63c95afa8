"""A tiny network, told of labels and of words."""

import pytest
import torch
from mmgen_plugin_textgan.config import TextGanConfig
from mmgen_plugin_textgan.generator import TextGan

from mmgen.builtin import LabelEmbeddingConfig
from mmgen.interfaces import Conditioner, LabelEmbedding
from mmgen.testing import perturb
from mmgen.testing.stand_in import WordsConfig
from mmgen.testing.words import WordsEncoder

TINY = {
    "channels": 1,
    "height": 8,
    "width": 8,
    "latent_dim": 6,
    "sentence_dim": 5,
    "widths": (8, 6),
    "blocks": (1, 0),
    "attention": (0, 1),
    "attention_dim": 4,
    "heads": 2,
}


def make_model(*, told=True, dropout=0.3, **config):
    """Return a tiny model in eval mode; its weights are moved, since gates start at zero."""
    torch.manual_seed(0)
    conditioner = None
    if told:
        encoders = {
            "label": LabelEmbedding(LabelEmbeddingConfig(classes=("a", "b", "c"), width=4)),
            "text": WordsEncoder(WordsConfig(width=5)),
        }
        conditioner = Conditioner(encoders, width=7, dropout=dropout)
    model = TextGan(TextGanConfig(**(TINY | config)), conditioner=conditioner)
    perturb(model)
    return model.eval()


@pytest.fixture
def build():
    """`make_model`."""
    return make_model
