"""Likeness token by token, against the definition in loops."""

import torch
import torch.nn.functional as F
from mmgen_plugin_contrastive.late_interaction import cosines_by_tokens

from mmgen.interfaces import Embedding


def embedding(lengths, seed):
    generator = torch.Generator().manual_seed(seed)
    tokens = F.normalize(torch.randn(len(lengths), max(lengths), 6, generator=generator), dim=2)
    mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    return Embedding(tokens, mask, tokens[:, 0])


def by_loops(one, other):
    rows = []
    for a, a_mask in zip(one.tokens, one.token_mask, strict=True):
        row = []
        for b, b_mask in zip(other.tokens, other.token_mask, strict=True):
            alike = a[a_mask] @ b[b_mask].T
            row.append((alike.amax(dim=1).mean() + alike.amax(dim=0).mean()) / 2)
        rows.append(torch.stack(row))
    return torch.stack(rows)


def test_each_token_takes_its_most_alike_and_both_ways_count_the_same():
    one, other = embedding([3, 1, 4], 0), embedding([2, 5], 1)
    found = cosines_by_tokens(one, other)
    torch.testing.assert_close(found, by_loops(one, other))
    torch.testing.assert_close(cosines_by_tokens(other, one), found.T)


def test_what_lies_behind_the_masks_has_no_say_and_gets_no_gradient():
    one, other = embedding([3, 1, 4], 0), embedding([2, 5], 1)
    tokens = one.tokens.masked_fill(~one.token_mask[..., None], 9.0).requires_grad_()
    found = cosines_by_tokens(Embedding(tokens, one.token_mask, one.pooled), other)
    torch.testing.assert_close(found, cosines_by_tokens(one, other))
    found.sum().backward()
    assert tokens.grad.isfinite().all()
    assert (tokens.grad[~one.token_mask] == 0).all()
    assert (tokens.grad[one.token_mask] != 0).any(dim=1).all()


def test_a_value_is_wholly_like_itself():
    one = embedding([3, 2], 0)
    torch.testing.assert_close(cosines_by_tokens(one, one).diagonal(), torch.ones(2))
