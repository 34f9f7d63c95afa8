"""Every recipe is a run file that builds a small network."""

from pathlib import Path

import pytest
import torch
from mmgen_plugin_audio.config import AudioEncoderConfig
from mmgen_plugin_audio.encoder import AudioEncoder

from mmgen.training.settings import build_settings, read_run_file

RECIPES = sorted((Path(__file__).parents[1] / "recipes").glob("*.toml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_is_valid_and_its_network_small_enough_to_bundle(path: Path) -> None:
    config = read_run_file(path)
    settings = build_settings(config["architecture"], config)
    rate = settings.data.sample_rate
    with torch.device("meta"):
        model = AudioEncoder(AudioEncoderConfig.build({"sample_rate": rate} | settings.model))
    assert model.slot("audio").sample_rate == rate
    assert model.num_parameters < 1e6
