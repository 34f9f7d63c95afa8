"""How classifiers learn."""

import pytest
import torch
from mmgen_plugin_cnn.config import ClassifierTraining, CnnConfig
from mmgen_plugin_cnn.stack import Cnn
from mmgen_plugin_cnn.trainer import ClassifierTrainer, mix
from sklearn.datasets import load_digits

from mmgen.data import PictureData
from mmgen.errors import DataError
from mmgen.interfaces import CounterNoise, TrainingNoise
from mmgen.training import train

CONFIG = {"channels": 1, "height": 8, "width": 8, "widths": (16, 32)}


@pytest.fixture(scope="module")
def digits():
    """Real digits, 8×8, with names for their classes."""
    found = load_digits()
    images = torch.from_numpy(found.images * (255 / 16)).to(torch.uint8)[:, None]
    labels = torch.from_numpy(found.target)
    return PictureData(images=images, labels=labels, class_names=tuple("0123456789"), name="digits")


def trainer(**options):
    torch.manual_seed(0)
    model = Cnn(CnnConfig(classes=tuple("0123456789"), **CONFIG))
    return ClassifierTrainer(model.train(), ClassifierTraining(**options))


def batch_of(digits, rows=32):
    return digits.batch(torch.arange(rows))


def test_it_learns_digits(digits, tmp_path):
    run = train(
        "cnn",
        digits,
        output=tmp_path / "run",
        config={
            "model": {"widths": [16, 32]},
            "training": {"steps": 150, "batch_size": 64, "learning_rate": 5e-3, "ema_decay": 0.9},
            "data": {"held_out": 0.2},
        },
        progress=False,
    )
    assert run.figures["error"] < 0.05
    model = run.load()
    assert model.classes == tuple("0123456789")
    assert (model.size.height, model.size.width, model.size.channels) == (8, 8, 1)


def test_the_figures_are_those_of_the_classes(digits):
    subject = trainer().eval()
    batch = batch_of(digits)
    with torch.no_grad():
        figures = subject.evaluate(batch, TrainingNoise(32))
    assert next(iter(figures)) == "error"  # which decides which step is kept
    said = subject.model.classify(batch["target"])
    right = said.probabilities[torch.arange(32), batch["label"]]
    assert torch.allclose(figures["cross_entropy"], -right.log(), atol=1e-4)
    assert torch.equal(figures["error"], (said.labels != batch["label"]).float())


@pytest.mark.parametrize(
    "options",
    [
        {"label_smoothing": 0.3},
        {"shift": 0.3},
        {"rotate": 30.0},
        {"zoom": 1.5},
        {"stretch": 1.5},
        {"flip": True},
        {"brightness": 0.3},
        {"contrast": 0.9},
        {"erase": 1.0},
        {"mixup": 1.0},
    ],
)
def test_every_option_changes_the_loss(digits, options):
    plain = {"label_smoothing": 0.0, "shift": 0.0}
    losses = []
    for chosen in (plain, plain | options):
        subject = trainer(**chosen)
        torch.manual_seed(0)
        losses.append(subject.loss(batch_of(digits), 0, TrainingNoise(32))["loss"].item())
    assert losses[0] != losses[1]


def test_pictures_are_moved_unless_told_otherwise(digits):
    losses = [
        trainer(**options).loss(batch_of(digits), 0, CounterNoise(0, range(32)))["loss"].item()
        for options in ({}, {"shift": 0.1}, {"shift": 0.0})
    ]
    assert losses[0] == losses[1] != losses[2]


def test_pictures_are_evaluated_as_they_are(digits):
    subject = trainer(rotate=90.0, erase=1.0).eval()
    with torch.no_grad():
        first, again = (subject.evaluate(batch_of(digits), TrainingNoise(32)) for _ in range(2))
    assert torch.equal(first["cross_entropy"], again["cross_entropy"])


def test_a_mixed_picture_has_a_mixed_target():
    torch.manual_seed(0)
    targets = torch.eye(8)
    images = targets.view(8, 1, 1, 8) * torch.ones(8, 1, 3, 1)
    mixed, mixed_targets = mix(images, targets, 1.0)
    assert torch.allclose(mixed[:, 0, 0], mixed_targets, atol=1e-6)
    assert torch.allclose(mixed_targets.sum(dim=1), torch.ones(8))
    assert ((mixed_targets > 0).sum(dim=1) <= 2).all()
    assert ((mixed_targets > 0.01) & (mixed_targets < 0.99)).any()


def test_classes_that_are_rare_can_be_shown_as_often(digits, tmp_path):
    rare = digits.select(torch.cat([torch.nonzero(digits.labels == 0)[:, 0][:100],
                                    torch.nonzero(digits.labels == 1)[:, 0][:5]]))  # fmt: skip
    seen = []
    original = ClassifierTrainer.loss

    def watch(self, batch, step, rng):
        seen.append(batch["label"])
        return original(self, batch, step, rng)

    settings = {"steps": 10, "batch_size": 20, "balance": 1.0, "sample_every": 0}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClassifierTrainer, "loss", watch)
        train(
            "cnn",
            rare,
            output=tmp_path / "run",
            config={"model": {"widths": [4]}, "training": settings, "data": {"held_out": 0}},
            progress=False,
        )
    counts = torch.cat(seen).bincount()[:2]
    assert abs(int(counts[0] - counts[1])) <= 10


def test_without_labels_there_is_nothing_to_learn(digits, tmp_path):
    bare = PictureData(images=digits.images, name="bare")
    model = {"widths": [4], "classes": ["a", "b"]}
    with pytest.raises(DataError, match="bare has no labels"):
        train("cnn", bare, output=tmp_path / "run", config={"model": model}, progress=False)
