"""Every recipe is a run file that builds a small network."""

from pathlib import Path

import pytest

from mmgen.data.wordings import read_wordings
from mmgen.pretrained import build_encoder
from mmgen.training.settings import build_settings, read_run_file

RECIPES = sorted((Path(__file__).parents[1] / "recipes").glob("*.toml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_is_valid_and_its_network_small_enough_to_bundle(path: Path) -> None:
    config = read_run_file(path)
    settings = build_settings(config["architecture"], config)
    wordings = read_wordings(settings.data.captions or "")
    texts = [text for digit in "0123456789" for text in wordings.of_class(digit, "train")]
    model = build_encoder(settings.architecture, settings.model, texts)
    assert model.num_parameters < 1e6
    assert max(len(row) for row in model.prepare(texts)["tokens"]) <= settings.model["length"]
