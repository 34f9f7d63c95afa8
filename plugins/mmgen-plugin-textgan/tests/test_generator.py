"""The generator: sentence, words, sizes."""

import pytest
import torch
from mmgen_plugin_textgan.config import TextGanConfig, TextGanGeneration
from mmgen_plugin_textgan.generator import ConditioningAugmentation

from mmgen.errors import OptionError
from mmgen.explaining import explain
from mmgen.interfaces import CounterNoise


def test_the_sentence_is_drawn_around_a_linear_map():
    """Zhang et al. 2017, section 3.2."""
    torch.manual_seed(0)
    module = ConditioningAugmentation(3, 2)
    pooled = torch.randn(1, 3).expand(20000, -1)
    found = module(pooled, torch.randn(20000, 2))
    mean, log_scale = module.linear(pooled[:1]).chunk(2, dim=1)
    torch.testing.assert_close(found.whitened.mean(dim=0), mean[0], atol=0.03, rtol=0)
    torch.testing.assert_close(found.whitened.std(dim=0), log_scale[0].exp(), atol=0.03, rtol=0.03)
    expected = (mean.square() + log_scale.mul(2).exp() - 1).sum() / 2 - log_scale.sum()
    torch.testing.assert_close(found.divergence()[0], expected, atol=1e-3, rtol=1e-3)


def test_latents_and_the_sentence_have_noise_of_their_own(build):
    model = build()
    rng = CounterNoise(0, range(2))
    condition = model.semantic_condition({"text": "one"}, 2)
    latents, noise = rng.normal((6,), stream="latents"), rng.normal((5,), stream="sentence")
    expected = model.render(latents, condition, noise)
    torch.testing.assert_close(model.generate(2, text="one", seed=0).images, expected)
    for other in (
        model.render(latents, condition, -noise),
        model.render(-latents, condition, noise),
    ):
        assert not torch.isclose(expected, other, atol=1e-4).all(dim=(1, 2, 3)).any()


def test_the_order_of_words_matters_where_the_sentence_is_silent(build):
    """The words reach the picture by themselves: the pooled vector is made the same for both."""
    model = build(dropout=0.0)
    one = model.semantic_condition({"text": "red blue"}, 1)
    two = model.semantic_condition({"text": "green four"}, 1)
    latents, sentence = torch.zeros(1, 6), torch.zeros(1, 5)
    assert not torch.equal(*(model(latents, sentence, given) for given in (one, two)))
    silent = build(attention=())
    assert torch.equal(*(silent(latents, sentence, given) for given in (one, two)))


def test_attention_maps_are_shares_of_the_words(build):
    model = build()
    condition = model.semantic_condition({"text": ["red blue", "one"]}, 2)
    maps = model.attention_maps(condition, CounterNoise(0, range(2)), TextGanGeneration())
    sides = max(model.config.sides[at] for at in model.config.attention)
    assert maps.shape == (2, condition.tokens.shape[1], *sides)
    torch.testing.assert_close(maps.sum(dim=1), torch.ones(2, *sides))
    assert (maps * ~condition.token_mask[..., None, None] == 0).all()  # beyond a text is nothing
    assert not torch.allclose(maps[:, :, 0, 0], maps[:, :, -1, -1])
    blind = build(attention=())
    condition = blind.semantic_condition({"text": "one"}, 1)
    maps = blind.attention_maps(condition, CounterNoise(0, range(1)), TextGanGeneration())
    assert maps.shape[1] == 0


def test_explain_shows_the_regions_that_looked_at_a_word(build):
    model = build()
    encoder = model.conditioner.encoders["text"]
    encoder.token_spans = lambda text: [(at, at + 1) for at in range(len(text))]  # letters
    (text,) = explain(model, text="red blue", seed=0).slots
    assert [part.name for part in text.parts] == ["red", "blue"]
    assert all(part.where is not None and part.where.ndim == 2 for part in text.parts)


def test_a_narrow_truncation_makes_pictures_alike(build):
    model = build()
    spreads = [
        model.generate(32, text="one", seed=0, truncation=truncation).images.std(dim=0).mean()
        for truncation in (0.05, 1.0, None)
    ]
    assert spreads[0] < spreads[1] < spreads[2]


def test_without_conditions_there_are_neither_words_nor_a_sentence(build):
    model = build(told=False)
    assert model.sentence_dim == 0
    assert not any("words" in name for name in model.state_dict())
    assert model.generate(2, seed=0).images.shape == (2, 1, 8, 8)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"height": 60}, "multiples of 16 px; got 64×60"),
        ({"blocks": (1, 1)}, "one for each of the 4 widths; got 2"),
        ({"attention": (1, 4)}, "from 0 to 3, one for each width; got 4"),
        ({"attention_dim": 30}, "multiple of heads; got 30 and 4"),
    ],
)
def test_what_does_not_fit_is_refused(values, message):
    with pytest.raises(OptionError, match=message):
        TextGanConfig(**values)
