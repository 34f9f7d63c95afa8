"""Every recipe is a run file that builds a small network."""

from pathlib import Path

import pytest
import torch
from mmgen_plugin_textgan.config import TextGanConfig
from mmgen_plugin_textgan.generator import TextGan

from mmgen.training.settings import build_settings, read_run_file

RECIPES = sorted((Path(__file__).parents[1] / "recipes").glob("*.toml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_is_valid_and_its_network_small_enough_to_bundle(path):
    settings = build_settings("textgan", read_run_file(path))
    assert settings.architecture == "textgan"
    (side,) = settings.data.size
    of_data = {"channels": 3, "height": side, "width": side}
    with torch.device("meta"):
        model = TextGan(TextGanConfig.build(of_data | settings.model))
    assert model.num_parameters < 5e6


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_neither_mirrors_nor_colours_what_captions_tell(path):
    assert "colour" not in build_settings("textgan", read_run_file(path)).trainer.augment
