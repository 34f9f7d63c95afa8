import pytest
import torch

from mmgen.nn import dropout


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("probability", [0.01, 0.1, 0.5, 0.9])
def test_drops_as_often_as_asked_and_keeps_the_mean(probability, dtype):
    torch.manual_seed(0)
    dropped = dropout(torch.ones(1_000_001, dtype=dtype), probability, True).float()
    share = (dropped == 0).float().mean().item()
    deviation = (probability * (1 - probability) / 1_000_001) ** 0.5
    assert share == pytest.approx(probability, abs=4 * deviation)
    assert torch.unique(dropped).tolist() == pytest.approx([0, 1 / (1 - probability)], rel=5e-3)


def test_elements_are_dropped_independently():
    torch.manual_seed(0)
    kept = (dropout(torch.ones(100_000, 8), 0.3, True) > 0).float()
    correlation = torch.corrcoef(kept.T) - torch.eye(8)
    assert correlation.abs().max() < 0.02
    neighbours = torch.corrcoef(torch.stack([kept.flatten()[:-4], kept.flatten()[4:]]))
    assert neighbours[0, 1].abs() < 0.01


def test_any_layout_keeps_its_layout_and_its_gradient():
    features = torch.randn(4, 6, 5, 3).contiguous(memory_format=torch.channels_last)
    for part in (features, features[:, ::2], features[:1].expand(4, -1, -1, -1)):
        part = part.detach().requires_grad_()
        dropped = dropout(part, 0.5, True)
        dropped.sum().backward()
        assert dropped.shape == part.shape
        assert torch.equal(part.grad != 0, dropped != 0)
        assert torch.allclose(part.grad[dropped != 0], torch.tensor(2.0))
    assert dropout(features, 0.5, True).is_contiguous(memory_format=torch.channels_last)


def test_the_default_generator_decides():
    features = torch.ones(64)
    torch.manual_seed(7)
    first = dropout(features, 0.5, True)
    assert not torch.equal(dropout(features, 0.5, True), first)
    torch.manual_seed(7)
    assert torch.equal(dropout(features, 0.5, True), first)


def test_nothing_and_everything():
    features = torch.randn(100)
    assert dropout(features, 0.5, False) is features
    assert dropout(features, 0.0, True) is features
    assert dropout(features, 1.0, True).count_nonzero() == 0
