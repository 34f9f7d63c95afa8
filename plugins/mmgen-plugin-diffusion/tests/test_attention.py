"""Attention, however it is computed."""

import torch
import torch.nn.functional as F
from mmgen_plugin_diffusion import attention
from mmgen_plugin_diffusion.attention import SelfAttention, attend


def test_few_tokens_are_attended_to_as_by_torch(monkeypatch):
    torch.manual_seed(0)
    query, key, value = torch.randn(3, 2, 4, 5, 6)
    mask = torch.tensor([[True, True, False, True, False]] * 2)[:, None, None]
    for given in (None, mask):
        expected = F.scaled_dot_product_attention(query, key, value, attn_mask=given)
        torch.testing.assert_close(attend(query, key, value, given), expected)
        monkeypatch.setattr(attention, "_FEW", 0)
        torch.testing.assert_close(attend(query, key, value, given), expected)
        monkeypatch.undo()


def test_large_queries_do_not_make_attention_hard():
    """Queries and keys are normalised: how large the tokens are does not matter."""
    torch.manual_seed(0)
    layer = SelfAttention(8, 2)
    with torch.no_grad():
        layer.queries_keys.bias.zero_()
        layer.values.bias.zero_()
        layer.values.weight.copy_(torch.eye(8))
        layer.leave.weight.copy_(torch.eye(8))
        layer.leave.bias.zero_()
    tokens = torch.randn(1, 5, 8)
    torch.testing.assert_close(layer(100 * tokens) / 100, layer(tokens), atol=1e-4, rtol=1e-3)
