"""The losses against cases with a known answer, and against torch's own."""

import math

import torch
import torch.nn.functional as F
from mmgen_plugin_contrastive.losses import hits, sigmoid_losses, softmax_losses

ONE = torch.tensor(1.0)


def cosines(count: int = 5) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    a, b = (F.normalize(torch.randn(count, 4, generator=generator)) for _ in range(2))
    return a @ b.T


def test_where_nothing_is_known_the_softmax_loss_is_the_logarithm_of_the_batch():
    torch.testing.assert_close(
        softmax_losses(torch.zeros(8, 8), ONE), torch.full((8,), math.log(8))
    )


def test_the_softmax_loss_is_the_mean_of_both_directions():
    found, scale = cosines(), torch.tensor(3.0)
    expected = -(
        (found * scale).log_softmax(dim=1).diagonal()
        + (found * scale).log_softmax(dim=0).diagonal()
    )
    torch.testing.assert_close(softmax_losses(found, scale), expected / 2)


def test_the_sigmoid_loss_is_that_of_each_two():
    found, scale, bias = cosines(), torch.tensor(10.0), torch.tensor(-10.0)
    expected = F.binary_cross_entropy_with_logits(
        found * scale + bias, torch.eye(len(found)), reduction="none"
    ).sum(dim=1)
    torch.testing.assert_close(sigmoid_losses(found, scale, bias), expected)


def test_rows_alike_are_as_if_they_were_not_there():
    found, scale = cosines(4), torch.tensor(5.0)
    alike = torch.eye(4, dtype=torch.bool)
    alike[0, 3] = alike[3, 0] = True
    alone = found[:3, :3]
    torch.testing.assert_close(
        softmax_losses(found, scale, alike)[0],
        (
            F.cross_entropy(scale * alone[:1], torch.tensor([0]))
            + F.cross_entropy(scale * alone.T[:1], torch.tensor([0]))
        )
        / 2,
    )
    own = sigmoid_losses(alone, scale, ONE)[0]
    torch.testing.assert_close(sigmoid_losses(found, scale, ONE, alike)[0], own)


def test_a_partner_is_found_where_it_is_the_nearest():
    table = torch.tensor([[0.9, 0.1, 0.2], [0.3, 0.2, 0.1], [0.0, 0.0, 0.8]])
    torch.testing.assert_close(hits(table), torch.tensor([1.0, 0.5, 1.0]))
    alike = torch.tensor([[1, 1, 0], [1, 1, 0], [0, 0, 1]]).bool()
    torch.testing.assert_close(hits(table, alike), torch.ones(3))


def test_where_all_are_equally_near_nothing_is_found():
    assert hits(torch.ones(3, 3)).sum() == 0
