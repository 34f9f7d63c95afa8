import pytest
import torch

from mmgen.nn import Downsample, Modulation, ResidualConv, ResidualLinear, Upsample


@pytest.mark.parametrize("condition_width", [0, 5])
def test_blocks_keep_the_shape(condition_width):
    vector = torch.randn(2, 5) if condition_width else None
    convolution = ResidualConv(6, condition_width=condition_width)
    linear = ResidualLinear(6, condition_width=condition_width)
    assert convolution(torch.randn(2, 6, 5, 3), vector).shape == (2, 6, 5, 3)
    assert linear(torch.randn(2, 6), vector).shape == (2, 6)


@pytest.mark.parametrize("block", [ResidualConv(6), ResidualLinear(6)])
def test_blocks_start_close_to_the_identity(block):
    features = torch.randn(4, 6, 3, 3) if isinstance(block, ResidualConv) else torch.randn(4, 6)
    assert (block(features) - features).abs().mean() < 0.1 * features.abs().mean()


@pytest.mark.parametrize("make", [ResidualConv, ResidualLinear])
def test_a_condition_reaches_the_result_once_its_layer_has_moved(make):
    torch.manual_seed(0)
    block = make(6, condition_width=4)
    features = torch.randn(2, 6, 3, 3) if make is ResidualConv else torch.randn(2, 6)
    one, other = torch.randn(2, 2, 4)
    assert torch.equal(block(features, one), block(features, other))
    torch.nn.init.normal_(block.modulation.linear.weight)
    assert not torch.allclose(block(features, one), block(features, other))


def test_dropout_acts_in_training_alone():
    torch.manual_seed(0)
    block = ResidualConv(6, dropout=0.5)
    features = torch.randn(2, 6, 4, 4)
    assert not torch.equal(block(features), block(features))
    block.eval()
    assert torch.equal(block(features), block(features))


def test_modulation_starts_as_the_identity():
    features = torch.randn(2, 3, 4, 5)
    assert torch.equal(Modulation(7, 3)(features, torch.randn(2, 7)), features)


@pytest.mark.parametrize("size", [(28, 28), (7, 5), (1, 1), (3, 8)])
def test_going_down_rounds_up_and_going_up_gives_the_size_back(size):
    features = torch.randn(2, 3, *size)
    down = Downsample(3, 4)(features)
    assert down.shape == (2, 4, (size[0] + 1) // 2, (size[1] + 1) // 2)
    assert Upsample(4, 3)(down, size).shape == features.shape
