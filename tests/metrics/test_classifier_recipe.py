"""Recipes of classifiers that are trained in passing."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from toy_digits import digit_judges, read_digits, write_digits

from mmgen.errors import (
    NotInstalledError,
    OptionError,
    PluginError,
    UnknownNameError,
    UnsupportedOperationError,
)
from mmgen.metrics.classifier_recipe import find_classifier, read_recipe, train_classifier
from mmgen.plugins import Plugin


@pytest.fixture(scope="module", autouse=True)
def judges() -> Iterator[None]:
    with digit_judges():
        yield


def test_a_recipe_trains_a_classifier_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (scratch := tmp_path / "scratch").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    path = tmp_path / "recipe.toml"
    path.write_text(
        'architecture = "linear-digit"\n'
        "[training]\nsteps = 9000\nlearning_rate = 2e-2\nema_decay = 0.9\n"
        "[data]\nsize = 99\n"
    )
    settings = read_recipe(path, steps=100, device="cpu")
    assert settings.training.steps == 100
    data = read_digits(write_digits(tmp_path / "digits.npz", num_classes=3), "train")
    ours, again, other = (train_classifier(settings, data, seed=seed) for seed in (0, 0, 1))
    images = data.batch(torch.arange(len(data)), columns=())["target"]
    said = [judge.classify(images) for judge in (ours, again, other)]
    assert torch.equal(said[0].probabilities, said[1].probabilities)
    assert not torch.equal(said[0].probabilities, said[2].probabilities)
    assert data.labels is not None
    assert float((said[0].labels == data.labels).double().mean()) > 0.95
    assert not list(scratch.glob("mmgen-*"))


def test_a_recipe_that_trains_no_classifier_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"

    def read(text: str) -> None:
        path.write_text(text)
        read_recipe(path, steps=None, device="cpu")

    with pytest.raises(OptionError, match="names its architecture"):
        read("[training]\nsteps = 5\n")
    with pytest.raises(OptionError, match="unknown option 'step'"):
        read('architecture = "linear-digit"\n[training]\nstep = 5\n')
    with pytest.raises(UnsupportedOperationError, match="'label-embedding' does not"):
        read('architecture = "label-embedding"\n')
    with pytest.raises(UnsupportedOperationError, match="or cannot be trained"):
        read('architecture = "nearest-digit"\n')
    with pytest.raises(UnknownNameError, match="unknown architecture 'nothing'"):
        read('architecture = "nothing"\n')


class NoPlugins:
    """A manager that knows of no architecture."""

    plugins: tuple[Any, ...] = ()

    def __init__(self, broken: str = "") -> None:
        if broken:
            plugin = Plugin("cnn", "mmgen-plugin-cnn", "0")
            plugin.broken = broken
            self.plugins = (plugin,)

    def architecture(self, name: str) -> None:
        raise UnknownNameError(name)


def test_a_classifier_that_is_not_installed_comes_with_its_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mmgen.metrics.classifier_recipe.manager", NoPlugins)
    with pytest.raises(NotInstalledError, match="pip install mmgen-plugin-cnn") as caught:
        find_classifier("cnn")
    assert caught.value.command == "pip install mmgen-plugin-cnn"


def test_a_classifier_of_a_broken_plugin_says_what_is_broken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "mmgen.metrics.classifier_recipe.manager", lambda: NoPlugins("import failed")
    )
    with pytest.raises(PluginError, match="'cnn' needs mmgen-plugin-cnn, which is broken: import"):
        find_classifier("cnn")
