"""What the network promises beyond the contract."""

import pytest
import torch
from mmgen_plugin_example.config import ExampleConfig, ExampleTraining
from mmgen_plugin_example.network import Example
from mmgen_plugin_example.trainer import ExampleTrainer

from mmgen.errors import OptionError
from mmgen.interfaces import TrainingNoise


def make(**config):
    torch.manual_seed(0)
    return Example(ExampleConfig(**{"widths": (4, 6), **config}))


def test_there_is_a_token_for_each_place_of_the_last_map():
    model = make(height=8, width=12, widths=(4, 5, 6))
    found = model(**model.prepare(torch.rand(2, 1, 8, 12)))
    assert found.tokens.shape == (2, 2 * 3, 6)
    torch.testing.assert_close(found.pooled, found.tokens.mean(dim=1))


def test_it_learns_to_tell_black_from_white():
    model = make(classes=("black", "white"))
    trainer = ExampleTrainer(model, ExampleTraining())
    batch = {"target": torch.zeros(8, 1, 8, 8), "label": torch.arange(8) % 2}
    batch["target"][1::2] = 1
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for step in range(40):
        optimizer.zero_grad()
        trainer.loss(batch, step, TrainingNoise(8))["loss"].backward()
        optimizer.step()
    assert trainer.evaluate(batch, TrainingNoise(8))["error"].sum() == 0


def test_a_share_of_the_target_may_be_spread_over_all_classes():
    batch = {"target": torch.rand(4, 1, 8, 8), "label": torch.zeros(4, dtype=torch.int64)}
    model = make(classes=("one", "two"))
    sharp, smooth = (
        ExampleTrainer(model, ExampleTraining(label_smoothing=share)).loss(
            batch, 0, TrainingNoise(4)
        )["loss"]
        for share in (0.0, 0.5)
    )
    assert sharp != smooth


def test_without_classes_there_is_nothing_to_learn():
    with pytest.raises(OptionError, match="it needs a data set with labels"):
        ExampleTrainer(make(), ExampleTraining())


def test_a_network_has_one_map_or_more():
    with pytest.raises(OptionError, match="widths needs one number"):
        make(widths=())
