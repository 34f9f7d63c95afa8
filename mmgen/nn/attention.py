"""Attention among tokens."""

from torch import nn


def transformer_encoder(
    width: int, depth: int, heads: int, *, dropout: float
) -> nn.TransformerEncoder:
    """Return layers of attention that map tokens (N, L, width) to as many.

    Vaswani et al. 2017; each layer normalises what goes into it (Xiong et al. 2020), so what
    comes out of the last wants a norm of its own. Where `src_key_padding_mask`, bool (N, L), is
    True there is no token.
    """
    layer = nn.TransformerEncoderLayer(
        width,
        heads,
        dim_feedforward=4 * width,
        dropout=dropout,
        activation="gelu",
        batch_first=True,
        norm_first=True,
    )
    return nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)
