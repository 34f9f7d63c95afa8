"""The moving average of the weights."""

import pytest
import torch
from torch import nn

from mmgen.training.ema import MovingAverage


def module(value: float) -> nn.Linear:
    layer = nn.Linear(2, 1)
    nn.init.constant_(layer.weight, value)
    nn.init.constant_(layer.bias, value)
    return layer


def test_average_follows_the_recursion_with_a_growing_decay() -> None:
    layer = module(1.0)
    average = MovingAverage([layer], decay=0.3)
    expected = 1.0
    for update, value in enumerate([2.0, -1.0, 4.0, 4.0, 4.0], start=1):
        nn.init.constant_(layer.weight, value)
        average.update()
        decay = min(0.3, (1 + update) / (10 + update))
        expected = decay * expected + (1 - decay) * value
        assert average.averages[0].flatten().tolist() == pytest.approx([expected] * 2)


def test_applied_swaps_for_a_while_and_keeps_the_storage() -> None:
    layer = module(1.0)
    average = MovingAverage([layer], decay=0.5)
    nn.init.constant_(layer.weight, 3.0)
    place = layer.weight.data_ptr()
    with average.applied():
        assert layer.weight.flatten().tolist() == [1.0, 1.0]
    assert layer.weight.flatten().tolist() == [3.0, 3.0]
    assert layer.weight.data_ptr() == place


def test_applied_puts_the_weights_back_after_an_error() -> None:
    layer = module(1.0)
    average = MovingAverage([layer], decay=0.5)
    nn.init.constant_(layer.weight, 3.0)
    with pytest.raises(KeyError), average.applied():
        raise KeyError
    assert layer.weight.flatten().tolist() == [3.0, 3.0]


def test_commit_makes_the_average_the_weights() -> None:
    layer = module(1.0)
    average = MovingAverage([layer], decay=0.5)
    nn.init.constant_(layer.weight, 3.0)
    average.commit()
    assert layer.weight.flatten().tolist() == [1.0, 1.0]


def test_statistics_of_batch_normalisation_are_averaged_with_the_weights() -> None:
    layer = nn.BatchNorm1d(2)
    layer.register_buffer("count", torch.zeros(1))
    average = MovingAverage([layer], decay=0.5)
    for value in (2.0, 4.0):
        nn.init.constant_(layer.running_mean, value)
        nn.init.constant_(layer.weight, value)
        average.update()
    with average.applied():
        expected = torch.lerp(torch.tensor(1.0), torch.tensor(2.0), 1 - 2 / 11)
        expected = torch.lerp(expected, torch.tensor(4.0), 1 - 3 / 12)
        torch.testing.assert_close(layer.weight.data, expected.expand(2))
        start = torch.lerp(torch.tensor(0.0), torch.tensor(2.0), 1 - 2 / 11)
        torch.testing.assert_close(
            layer.running_mean, torch.lerp(start, torch.tensor(4.0), 1 - 3 / 12).expand(2)
        )
    assert layer.running_mean.tolist() == [4.0, 4.0]
    assert len(average.averages) == 4  # of the others none: not the count of batches


def test_buffers_that_follow_the_weights_are_averaged_where_a_module_names_them() -> None:
    layer = nn.Module()
    layer.averaged_buffers = ("scale",)
    layer.register_buffer("scale", torch.zeros(1))
    layer.register_buffer("count", torch.zeros(1))
    average = MovingAverage([nn.Sequential(layer)], decay=0.5)
    layer.scale.fill_(11.0)
    average.update()
    with average.applied():
        torch.testing.assert_close(layer.scale, torch.tensor([9.0]))
    assert layer.scale.item() == 11
    assert len(average.averages) == 1


def test_shared_modules_are_averaged_once() -> None:
    layer = module(1.0)
    assert len(MovingAverage([layer, nn.Sequential(layer)], decay=0.5).averages) == 2


def test_restore_puts_back_what_was_saved() -> None:
    layer = module(1.0)
    names = {id(parameter): name for name, parameter in layer.named_parameters()}
    average = MovingAverage([layer], decay=0.5)
    saved = {name: tensor.clone() for name, tensor in average.tensors(names).items()}
    nn.init.constant_(layer.weight, 3.0)
    average.update()
    average.restore(saved, names)
    assert torch.equal(average.averages[0], torch.ones(1, 2))
