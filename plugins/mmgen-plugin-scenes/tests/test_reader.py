"""Who reads scenes, and how that is learned."""

import json

import numpy as np
import pytest
import torch
from mmgen_plugin_scenes.config import SceneReaderConfig, SceneReaderTraining
from mmgen_plugin_scenes.reader import SceneReader
from mmgen_plugin_scenes.readings import read_captions
from mmgen_plugin_scenes.trainer import SceneReaderTrainer

from mmgen.data import DataOptions, PictureData, load
from mmgen.errors import DataError, InputError, OptionError
from mmgen.interfaces import TrainingNoise
from mmgen.training import train


def test_looks_begin_around_their_places():
    model = SceneReader(SceneReaderConfig())
    weights = model.looks.detach().mean(dim=1).view(5, 8, 8)
    assert torch.allclose(weights.sum(dim=(1, 2)), torch.ones(5))
    steps = torch.arange(8) - 3.5
    x, y = (weights.sum(dim=1) @ steps).tolist(), (weights.sum(dim=2) @ steps).tolist()
    left, right, top, bottom, middle = zip(x, y, strict=True)
    assert left[0] < -2 < 2 < right[0]
    assert top[1] < -2 < 2 < bottom[1]
    assert middle == pytest.approx((0, 0), abs=1e-4)


def test_pictures_of_any_size_are_read():
    model = SceneReader(SceneReaderConfig(widths=(4, 6))).eval()
    seen = model.read([torch.rand(3, 64, 64), torch.rand(1, 40, 80)])
    assert seen.value.shape == (2, 5)
    assert len(model.read(torch.rand(0, 3, 64, 64))) == 0


def test_the_map_must_not_vanish():
    with pytest.raises(OptionError, match="sides of 2 px or more"):
        SceneReaderConfig(height=16, width=16, widths=(4,) * 5)


FONT = "75557 26227 71747 71717 55711 74717 74757 71111 75757 75717"  # rows of three bits


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """Scenes of printed digits, which are soon learned."""
    bits = [[[int(row) >> bit & 1 for bit in (2, 1, 0)] for row in item] for item in FONT.split()]
    images = np.array(bits, np.uint8) * 255
    path = tmp_path_factory.mktemp("font") / "font.npz"
    np.savez(path, x_train=images, y_train=np.arange(10))
    return load(
        "mnist-scenes", "train", DataOptions(base=str(path), made_pictures=2000, held_out=0)
    )


def test_it_learns_to_read_scenes(printed, tmp_path):
    run = train(
        "scene-reader",
        printed,
        output=tmp_path / "run",
        config={
            "model": {"widths": [12, 24, 24], "embedding_width": 48, "blocks": 0},
            "trainer": {"changed": 0.0},
            "training": {
                "steps": 120,
                "batch_size": 32,
                "learning_rate": 8e-3,
                "ema_decay": 0.9,
                "evaluate_every": 120,
                "sample_every": 0,
            },
            "data": {"held_out": 0.1},
        },
        progress=False,
    )
    assert run.figures["place_error"] < 0.02
    assert run.figures["colour_error"] < 0.05
    assert run.figures["value_error"] < 0.8  # chance: 0.9


def test_figures_are_those_of_what_is_read(scenes):
    data = scenes(count=12)
    torch.manual_seed(0)
    model = SceneReader(SceneReaderConfig(widths=(4, 6))).eval()
    subject = SceneReaderTrainer(model, SceneReaderTraining()).eval()
    batch = data.batch(torch.arange(12))
    with torch.no_grad():
        figures = subject.evaluate(batch, TrainingNoise(12))
    said, seen = read_captions(batch["text"]), model.read(batch["target"])
    wrong = torch.stack([a != b for a, b in zip(said.columns, seen.columns, strict=True)])
    assert torch.equal(figures["error"], wrong.any(dim=0).float().mean(dim=1))
    expected = (wrong[0] & said.filled).sum(dim=1) / said.filled.sum(dim=1)
    assert torch.allclose(figures["value_error"], expected)
    assert next(iter(figures)) == "error"  # which decides which step is kept


@pytest.mark.parametrize(
    "options", [{"shift": 0.1}, {"rotate": 20.0}, {"zoom": 1.3}, {"contrast": 0.5}, {"noise": 0.2}]
)
def test_every_option_changes_the_loss(scenes, options):
    plain = {"changed": 1.0, "rotate": 0.0, "zoom": 1.0, "contrast": 0.0, "noise": 0.0}
    batch = scenes(count=8).batch(torch.arange(8))
    losses = []
    for chosen in (plain, plain | options):
        torch.manual_seed(0)
        model = SceneReader(SceneReaderConfig(widths=(4, 6)))
        trainer = SceneReaderTrainer(model, SceneReaderTraining(**chosen))
        losses.append(trainer.loss(batch, 0, TrainingNoise(8))["loss"].item())
    assert losses[0] != losses[1]


def test_scenes_stay_as_they_are_as_often_as_is_asked(scenes):
    images = scenes(count=200).batch(torch.arange(200))["target"]
    trainer = SceneReaderTrainer(
        SceneReader(SceneReaderConfig(widths=(4,))), SceneReaderTraining(changed=0.3)
    )
    same = (trainer.change(images, TrainingNoise(200)) == images).all(dim=(1, 2, 3))
    assert 0.55 < same.float().mean() < 0.85


def test_without_readable_captions_there_is_nothing_to_learn(scenes, tmp_path):
    data = scenes(count=12)
    pictures = data.images[torch.arange(12)]
    for name, texts, error, words in (
        ("none", None, DataError, "learns from captions"),
        ("others", ["a dog"] * 12, InputError, "'a dog'"),
    ):
        with pytest.raises(error, match=words):
            train(
                "scene-reader",
                PictureData(images=pictures, texts=texts, name=name),
                output=tmp_path / name,
                config={"model": {"widths": [4]}, "training": {"steps": 1, "batch_size": 4}},
                progress=False,
            )


def test_the_published_record_names_the_digits_without_their_path(digits, tmp_path):
    run = train(
        "scene-reader",
        "mnist-scenes",
        output=tmp_path / "run",
        config={
            "model": {"widths": [4]},
            "training": {"steps": 1, "batch_size": 4, "sample_every": 0},
            "data": {"base": str(digits), "made_pictures": 40},
        },
        progress=False,
    )
    recorded = json.loads((run.folder / "run.json").read_text())
    assert recorded["config"]["data"]["base"] == str(digits)
    published = (run.folder / "model" / "training.json").read_text()
    assert json.loads(published)["config"]["data"]["base"] == "digits.npz"
    assert str(digits.parent) not in published
