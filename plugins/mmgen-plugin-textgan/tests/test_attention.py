"""Regions that look at words, and words that are looked for in regions."""

import pytest
import torch
from mmgen_plugin_textgan.attention import Places, WordAttention, WordJudgement, as_regions

from mmgen.testing import perturb


@pytest.fixture
def words():
    torch.manual_seed(0)
    tokens = torch.randn(3, 5, 7)
    mask = torch.tensor([[True] * 5, [True] * 3 + [False] * 2, [True] + [False] * 4])
    return tokens, mask


@pytest.fixture
def features():
    return torch.randn(3, 6, 4, 2, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def attention():
    torch.manual_seed(2)
    found = WordAttention(6, (4, 2), words_width=7, inner=8, heads=2)
    perturb(found)
    return found.eval()


@pytest.fixture
def judgement():
    torch.manual_seed(2)
    found = WordJudgement(6, (4, 2), words_width=7, inner=8, heads=2)
    perturb(found)
    return found.eval()


def test_regions_lie_row_by_row(features):
    regions = as_regions(features)
    assert regions.shape == (3, 8, 6)
    assert torch.equal(regions[1, 2 * 3 + 1], features[1, :, 3, 1])


def test_places_are_those_of_rows_and_columns():
    places = Places((4, 2), 6)
    found = places(torch.zeros(1, 8, 6))[0].view(4, 2, 6)
    assert torch.equal(found[3, 1], places.rows[3, 0] + places.columns[0, 1])


def test_attention_is_that_of_torch(attention, features, words):
    """With the region's own query, and one more word, which is none."""
    tokens, mask = words
    regions = attention.places(as_regions(features))
    query, keys = (
        attention.query(regions),
        torch.cat([attention.no_word.expand(3, -1, -1), tokens], 1),
    )
    heads = [
        layer.unflatten(2, (2, 4)).transpose(1, 2)
        for layer in (query, attention.key(keys), attention.value(keys))
    ]
    given = torch.cat([torch.ones(3, 1, dtype=torch.bool), mask], dim=1)[:, None, None]
    found = torch.nn.functional.scaled_dot_product_attention(*heads, attn_mask=given)
    expected = as_regions(features) + attention.out(found.transpose(1, 2).flatten(2))
    torch.testing.assert_close(as_regions(attention(features, tokens, mask)), expected)


def test_what_is_masked_plays_no_part(attention, judgement, features, words):
    tokens, mask = words
    other = torch.where(mask[..., None], tokens, torch.randn_like(tokens))
    for one, two in (
        (attention(features, tokens, mask), attention(features, other, mask)),
        (
            judgement(as_regions(features), tokens, mask),
            judgement(as_regions(features), other, mask),
        ),
    ):
        torch.testing.assert_close(one, two)
    shorter = attention(features[1:], tokens[1:, :3], mask[1:, :3])
    torch.testing.assert_close(attention(features, tokens, mask)[1:], shorter)


def test_every_word_and_every_region_counts(judgement, features, words):
    tokens, mask = words
    tokens, regions = tokens.requires_grad_(), as_regions(features).requires_grad_()
    judgement(regions, tokens, mask).sum().backward()
    assert torch.equal((tokens.grad != 0).any(dim=2), mask)
    assert (regions.grad != 0).any(dim=2).all()


def test_a_word_may_be_answered_anywhere(judgement, features, words):
    """Without places, regions may be moved about."""
    torch.nn.init.zeros_(judgement.places.rows)
    torch.nn.init.zeros_(judgement.places.columns)
    regions, order = as_regions(features), torch.randperm(8)
    torch.testing.assert_close(judgement(regions, *words), judgement(regions[:, order], *words))


def test_places_make_a_difference(judgement, features, words):
    regions = as_regions(features)
    assert not torch.isclose(judgement(regions, *words), judgement(regions.flip(1), *words)).any()


def test_the_slope_of_the_judgement_has_a_slope(judgement, features, words):
    """As the discriminator's penalty needs."""
    regions = as_regions(features).requires_grad_()
    scores = judgement(regions, *words)
    (slope,) = torch.autograd.grad(scores.sum(), regions, create_graph=True)
    slope.square().sum().backward()
    assert all(p.grad is not None for p in (judgement.query.weight, judgement.key.weight))
