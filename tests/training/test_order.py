"""The order of the pictures."""

import torch

from mmgen.training.order import BalancedOrder, ShuffledOrder

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


def test_balanced_classes_come_equally_often() -> None:
    labels = torch.tensor([0] * 90 + [1] * 8 + [4] * 2)
    order = BalancedOrder(labels, 1.0, 0, CPU)
    for epoch in range(3):
        drawn = labels[order.indices(100 * epoch, 100)]
        counts = drawn.bincount()[[0, 1, 4]]
        assert counts.sum() == 100
        assert counts.max() - counts.min() <= 1


def test_half_balanced_shares_grow_as_the_root_of_the_size() -> None:
    labels = torch.tensor([0] * 900 + [1] * 100)
    order = BalancedOrder(labels, 0.5, 0, CPU)
    assert labels[order.indices(0, 1000)].bincount().tolist() == [750, 250]


def test_places_left_over_go_where_shares_were_rounded_down() -> None:
    labels = torch.tensor([0] * 50 + [1] * 30 + [2] * 21)
    order = BalancedOrder(labels, 0.3, 0, CPU)
    sizes = torch.tensor([50.0, 30.0, 21.0]).double() ** 0.7
    shares = 101 * sizes / sizes.sum()
    drawn = torch.stack(
        [labels[order.indices(101 * epoch, 101)].bincount() for epoch in range(300)]
    )
    assert (drawn.sum(1) == 101).all()
    assert ((drawn - shares).abs() < 1).all()
    # Rounding falls on either side, so that shares are right in the long run.
    assert ((drawn.double().mean(0) - shares).abs() < 0.1).all()


def test_pictures_of_a_rare_class_come_equally_often() -> None:
    labels = torch.tensor([0] * 90 + [1] * 8)
    order = BalancedOrder(labels, 1.0, 0, CPU)
    counts = order.indices(0, 98).bincount(minlength=98)
    assert counts[90:].tolist().count(6) == 7  # 49 places for 8 pictures
    assert sorted(counts[90:].tolist()) == [6] * 7 + [7]
    assert counts[:90].max() == 1


def test_all_of_a_frequent_class_come_in_time() -> None:
    labels = torch.tensor([0] * 20 + [1] * 4)
    order = BalancedOrder(labels, 1.0, 0, CPU)
    assert len(order.indices(0, 24 * 12).unique()) == 24


def test_a_balanced_order_depends_on_seed_and_position_alone() -> None:
    labels = torch.arange(30) % 3
    whole = BalancedOrder(labels, 1.0, 3, CPU).indices(0, 90)
    assert torch.equal(BalancedOrder(labels, 1.0, 3, CPU).indices(40, 50), whole[40:])
    assert not torch.equal(BalancedOrder(labels, 1.0, 4, CPU).indices(0, 90), whole)
    assert not torch.equal(whole[:30], whole[30:60])
