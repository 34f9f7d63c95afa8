import torch

from mmgen.nn import transformer_encoder


def test_tokens_that_are_not_there_are_not_seen() -> None:
    torch.manual_seed(0)
    layers = transformer_encoder(8, 2, 2, dropout=0.1).eval()
    tokens = torch.randn(3, 6, 8)
    absent = torch.arange(6)[None].expand(3, -1) >= 4
    found = layers(tokens, src_key_padding_mask=absent)[:, :4]
    assert torch.allclose(found, layers(tokens[:, :4]), atol=1e-6)
    assert not torch.allclose(found[:, :3], layers(tokens[:, :3]), atol=1e-3)  # the fourth was


def test_each_layer_normalises_what_goes_in() -> None:
    torch.manual_seed(0)
    layers = transformer_encoder(8, 1, 2, dropout=0.0).eval().double()
    large = 1e6 * torch.randn(1, 5, 8, dtype=torch.float64)
    added = layers(large) - large  # as much as to tokens of usual size
    assert 0.01 < added.abs().max() < 10
    assert torch.allclose(layers(10 * large) - 10 * large, added, atol=1e-4)
