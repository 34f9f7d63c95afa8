"""Encoders of texts and sounds learn alone, by telling classes apart."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mmgen.errors import OptionError, UnsupportedOperationError
from mmgen.interfaces import ClassifyingEncoder, Conditioner, Embedding, TrainingNoise, classes_of
from mmgen.options import Options
from mmgen.training import LabelTraining
from mmgen.training.label_trainer import LabelTrainer


class Letters(ClassifyingEncoder):
    """The mean of a vector for each letter."""

    modality = "text"

    def __init__(self, *classes: str) -> None:
        super().__init__(Options())
        self.width = 8
        self.vectors = nn.Embedding(128, 8)
        self.add_head(classes)

    def prepare(self, values: Any) -> dict[str, Tensor]:
        rows = [[ord(letter) for letter in text] for text in values]
        return {"letters": torch.tensor(rows)}

    def forward(self, *, letters: Tensor) -> Embedding:
        tokens = self.vectors(letters)
        return Embedding(tokens, letters > 0, tokens.mean(dim=1))


TEXTS = ["aab", "aba", "bba", "abb"]
LABELS = torch.tensor([0, 0, 1, 1])  # which letter comes twice


def trained(steps: int = 60, smoothing: float = 0.0) -> LabelTrainer:
    torch.manual_seed(0)
    trainer = LabelTrainer(Letters("a", "b"), LabelTraining(label_smoothing=smoothing))
    (stage,) = trainer.stages()
    (phase,) = stage.phases
    optimizer = torch.optim.Adam(phase.parameters, 0.1)
    noise = TrainingNoise(4, torch.device("cpu"))
    for step in range(steps):
        losses = phase.loss({"text": TEXTS, "label": LABELS}, step, noise)
        optimizer.zero_grad()
        losses["loss"].backward()
        optimizer.step()
    return trainer


def test_it_learns_to_tell_classes_apart() -> None:
    model = trained().model
    assert model.classify(TEXTS).names == ["a", "a", "b", "b"]
    assert model.classify(TEXTS).probabilities.max(dim=1).values.min() > 0.95
    assert classes_of(model) == ("a", "b")


def test_smoothed_targets_keep_it_from_being_sure() -> None:
    sure = trained(200, smoothing=0.4).model.classify(TEXTS).probabilities.max(dim=1).values
    assert sure.tolist() == pytest.approx([0.8] * 4, abs=0.02)


def test_held_out_figures_are_of_each_row_and_the_error_comes_first() -> None:
    trainer = trained().eval()
    batch = {"text": TEXTS, "label": torch.tensor([0, 1, 1, 1])}
    figures = trainer.evaluate(batch, TrainingNoise(4, torch.device("cpu")))
    assert list(figures) == ["error", "cross_entropy"]
    assert figures["error"].tolist() == [0, 1, 0, 0]
    assert figures["cross_entropy"][1] > 3


def test_without_classes_there_is_nothing_to_learn_alone() -> None:
    with pytest.raises(OptionError, match=r"needs a data set with labels.*got 0"):
        LabelTrainer(Letters(), LabelTraining())
    assert classes_of(Letters()) == ()
    with pytest.raises(UnsupportedOperationError, match="was made without classes"):
        Letters().classify(TEXTS)


def test_as_a_condition_nothing_asks_for_its_classes() -> None:
    encoder = Letters("a", "b")
    Conditioner({"text": encoder}, width=4)
    learned = {name for name, value in encoder.named_parameters() if value.requires_grad}
    assert learned == {"vectors.weight"}
