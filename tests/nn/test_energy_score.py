"""The energy score of drawn pictures."""

import torch

from mmgen.nn import energy_score


def test_it_is_that_of_the_paper():
    """Gneiting and Raftery 2007, equation 22, picture by picture."""
    generator = torch.Generator().manual_seed(0)
    made = torch.rand(2, 3, 1, 4, 4, generator=generator)
    wanted = torch.rand(2, 1, 4, 4, generator=generator)
    expected = []
    for draws, picture in zip(made, wanted, strict=True):
        to_wanted = (draws - picture).flatten(1).norm(dim=1).mean()
        among = torch.stack([(a - b).norm() for a in draws for b in draws]).sum() / 6
        expected.append(to_wanted - among / 2)
    torch.testing.assert_close(energy_score(made, wanted), torch.stack(expected))


def test_it_is_lowest_for_the_true_distribution():
    generator = torch.Generator().manual_seed(0)
    wanted = torch.randn(500, 1, 2, 2, generator=generator)
    made = torch.randn(500, 32, 1, 2, 2, generator=generator)
    right = energy_score(made, wanted).mean()
    assert right < energy_score(made + 0.5, wanted).mean()
    assert right < energy_score(made * 0.1, wanted).mean()
    assert right < energy_score(made * 2, wanted).mean()
