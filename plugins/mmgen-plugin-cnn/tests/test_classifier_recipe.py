"""The core's recipe for the classification accuracy score trains this plugin's cnn."""

import torch

from mmgen.data import PictureData
from mmgen.metrics.classifier_recipe import read_recipe, train_classifier


def test_the_small_cnn_of_the_core_learns_bright_from_dark():
    levels = torch.arange(64, dtype=torch.uint8).view(-1, 1, 1, 1) * 4
    labels = (torch.arange(64) > 31).long()
    data = PictureData(
        images=levels.expand(-1, 1, 8, 8).contiguous(),
        labels=labels,
        class_names=("dark", "bright"),
    )
    classifier = train_classifier(read_recipe(None, steps=30, device="cpu"), data, seed=0)
    right = classifier.classify(levels.expand(-1, 1, 8, 8) / 255).labels == labels
    assert float(right.float().mean()) > 0.9
