"""Configs that fit together."""

import pytest
from mmgen_plugin_vae.config import HierarchicalVaeConfig

from mmgen.errors import OptionError


@pytest.mark.parametrize(
    ("config", "rule"),
    [
        ({"widths": (4, 8)}, "one item per size"),
        (
            {"widths": (4,), "latents": (0,), "latent_channels": (0,), "dense_latents": 0},
            "needs a latent layer",
        ),
        ({"widths": (4,), "latents": (1,), "latent_channels": (0,)}, "latent_channels"),
    ],
)
def test_impossible_ladders_are_refused(config, rule):
    with pytest.raises(OptionError, match=rule):
        HierarchicalVaeConfig(**config)
