"""Every recipe is a run file for the architecture, with two encoders or those of another."""

from pathlib import Path

import pytest

from mmgen.training.settings import build_settings, read_run_file

RECIPES = sorted((Path(__file__).parents[1] / "recipes").glob("*.toml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_is_valid(path):
    config = read_run_file(path)
    settings = build_settings("contrastive", config)
    goes_on = "--from" in path.read_text()
    assert not settings.conditions if goes_on else len(settings.conditions) >= 2
    assert not settings.trainer.flip
