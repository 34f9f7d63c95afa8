"""Every recipe is a run file that builds a small network of its architecture."""

import json
from pathlib import Path

import mmgen_plugin_vae
import pytest
import torch
from mmgen_plugin_vae.plugin import mmgen_families

from mmgen.families import load_reference
from mmgen.training.settings import build_settings, read_run_file

RECIPES = sorted((Path(__file__).parents[1] / "recipes").glob("*.toml"))


def test_there_is_a_recipe_per_bundled_model():
    names = {path.stem for path in RECIPES}
    assert names >= {"vae-mnist", "vae-fashion", "vae-binary-mnist"}


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_is_valid_and_its_network_small_enough_to_bundle(path):
    config = read_run_file(path)
    settings = build_settings(config["architecture"], config)
    (family,) = mmgen_families()
    architecture = next(a for a in family.architectures if a.name == settings.architecture)
    with torch.device("meta"):
        model = load_reference(architecture.network)(architecture.config.build(settings.model))
    assert model.num_parameters < 5e6


@pytest.mark.parametrize("name", ["vae-mnist", "vae-fashion", "vae-binary-mnist"])
def test_a_bundled_model_is_the_one_of_its_recipe(name):
    settings = read_run_file(RECIPES[0].with_name(f"{name}.toml"))
    bundled = json.loads(
        (Path(mmgen_plugin_vae.__file__).parent / f"models/{name}/config.json").read_text()
    )
    assert settings["model"].items() <= bundled["config"].items()
