"""The order of the pictures."""

import torch

from mmgen.training.order import ShuffledOrder

CPU = torch.device("cpu")


def test_every_picture_comes_exactly_once_an_epoch() -> None:
    order = ShuffledOrder(7, 3, CPU)
    stream = torch.cat([order.indices(4 * draw, 4) for draw in range(7)])
    for epoch in stream.view(4, 7):
        assert sorted(epoch.tolist()) == list(range(7))


def test_epochs_and_seeds_are_shuffled_differently() -> None:
    order = ShuffledOrder(50, 3, CPU)
    first, second = order.indices(0, 50), order.indices(50, 50)
    assert not torch.equal(first, second)
    assert not torch.equal(first, ShuffledOrder(50, 4, CPU).indices(0, 50))


def test_a_position_says_all_wherever_one_starts() -> None:
    whole = ShuffledOrder(7, 3, CPU)
    stream = torch.cat([whole.indices(draw, 1) for draw in range(40)])
    for start in (0, 5, 6, 13, 20):
        torch.testing.assert_close(
            ShuffledOrder(7, 3, CPU).indices(start, 18), stream[start : start + 18]
        )


def test_a_batch_may_be_larger_than_the_data() -> None:
    assert ShuffledOrder(3, 0, CPU).indices(0, 9).bincount().tolist() == [3, 3, 3]


def test_the_global_generator_is_left_alone() -> None:
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    ShuffledOrder(10, 5, CPU).indices(0, 25)
    assert torch.equal(torch.rand(3), expected)
