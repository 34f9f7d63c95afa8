"""Every recipe is a run file that builds a small network of its architecture."""

from pathlib import Path

import pytest
import torch
from mmgen_plugin_scenes.plugin import mmgen_families

from mmgen.families import load_reference
from mmgen.training.settings import build_settings, read_run_file

RECIPES = sorted((Path(__file__).parents[1] / "recipes").glob("*.toml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_is_valid_and_its_network_small_enough_to_bundle(path):
    config = read_run_file(path)
    settings = build_settings(config["architecture"], config)
    (family,) = mmgen_families()
    architecture = next(a for a in family.architectures if a.name == settings.architecture)
    with torch.device("meta"):
        model = load_reference(architecture.network)(architecture.config.build(settings.model))
    assert model.num_parameters < 5e6
