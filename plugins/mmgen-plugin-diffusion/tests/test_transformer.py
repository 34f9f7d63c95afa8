"""The denoisers: what they start as, and what they make of a condition."""

import pytest
import torch
from mmgen_plugin_diffusion.embedding import places
from mmgen_plugin_diffusion.guidance import plan_branches
from mmgen_plugin_diffusion.predictor import Predictor
from mmgen_plugin_diffusion.prompt import Prompt
from mmgen_plugin_diffusion.transformer import TransformerBlock

from mmgen.pretrained import build as build_network
from mmgen.testing import perturb

NETWORKS = [{}, {"network": "unet", "widths": (4, 8), "blocks": (1,)}]


def ask(model, condition, levels=None, count=2):
    torch.manual_seed(1)
    noisy = torch.randn(count, *model.noisy_shape)
    prompt = model.denoiser.prepare(condition)
    return model.denoiser(noisy, torch.full((count,), 0.4), prompt, levels)


@pytest.mark.parametrize("network", NETWORKS)
def test_the_prediction_starts_at_zero(build, network):
    model = build("pixel", perturbed=False, **network)
    found = ask(model, model.semantic_condition({"text": "one two"}, 2))
    assert found.shape == (2, 1, 8, 8)
    assert not found.any()


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_features_are_dropped_while_it_learns(network, dropout):
    size = {"channels": 1, "height": 8, "width": 8, "hidden": 16, "depth": 1, "heads": 2}
    model = build_network("pixel-diffusion", {**size, **network, "dropout": dropout})
    perturb(model)
    condition = model.semantic_condition({}, 2)
    learning, drawing = ask(model.train(), condition), ask(model.eval(), condition)
    assert torch.allclose(learning, drawing, atol=1e-4) == (dropout == 0)


def test_every_part_of_a_block_is_dropped():
    """All of it: then the block is the identity."""
    torch.manual_seed(0)
    block = TransformerBlock(8, 2, 1.0, 4)
    perturb(block)
    key, value = block.cross.prepare(torch.randn(2, 3, 4))
    prompt = Prompt(None, [key], [value])
    tokens, parts = torch.randn(2, 5, 8), torch.randn(6, 2, 1, 8)
    assert torch.equal(block.train()(tokens, parts, prompt, 0), tokens)
    assert not torch.allclose(block.eval()(tokens, parts, prompt, 0), tokens, atol=0.1)


@pytest.mark.parametrize("network", NETWORKS)
def test_words_and_the_sentence_each_count(build, network):
    """The stand-in's pooled vector knows no order of words, its tokens do."""
    model = build("pixel", **network)
    one = model.semantic_condition({"text": "red blue"}, 2)
    base = ask(model, one)
    assert not torch.allclose(base, ask(model, model.semantic_condition({"text": "four"}, 2)))
    other = torch.randn_like(one.pooled)
    assert not torch.allclose(base, ask(model, _changed(one, pooled=other)))
    assert not torch.allclose(base, ask(model, _changed(one, tokens=torch.randn_like(one.tokens))))


def _changed(condition, **values):
    from dataclasses import replace

    return replace(condition, **values)


@pytest.mark.parametrize("network", NETWORKS)
def test_masked_tokens_play_no_part(build, network):
    model = build("pixel", **network)
    condition = model.semantic_condition({"text": ["one", "one two three"]}, 2)
    mask = condition.token_mask[..., None]
    assert not mask.all()
    other = torch.where(mask, condition.tokens, torch.randn_like(condition.tokens))
    torch.testing.assert_close(ask(model, condition), ask(model, _changed(condition, tokens=other)))


def test_keys_and_values_are_computed_once_a_picture(build, monkeypatch):
    model = build("pixel")
    calls = []
    for block in model.denoiser.blocks:
        prepare = block.cross.prepare
        monkeypatch.setattr(
            block.cross, "prepare", lambda tokens, p=prepare: calls.append(len(tokens)) or p(tokens)
        )
    model.generate(3, text="one", steps=5, seed=0, guidance_scale=2)
    assert calls == [6, 6]  # once in each of two blocks, both branches together


def test_both_branches_are_one_batch(build, monkeypatch):
    model, rows = build("pixel"), []
    denoise = model.denoiser.denoise
    monkeypatch.setattr(
        model.denoiser, "denoise", lambda x, *rest: rows.append(len(x)) or denoise(x, *rest)
    )
    model.generate(3, text="one", steps=4, seed=0, guidance_scale=2, sampler="euler")
    assert rows == [6, 6, 6, 6]


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("interval", [(0.0, 1.0), (0.3, 0.8)])
def test_what_times_need_is_computed_at_once_where_it_is_little(
    build, monkeypatch, network, interval
):
    model, noisy = build("pixel", **network), torch.randn(2, 1, 8, 8)
    condition = model.semantic_condition({"text": "one two"}, 2)
    branches = plan_branches({"text": 2.0}, condition.slot_names)
    times, calls = [1.0, 0.75, 0.5, 0.25], []
    moment = model.denoiser.moment
    monkeypatch.setattr(
        model.denoiser, "moment", lambda t, *rest: calls.append(len(t)) or moment(t, *rest)
    )
    plain = Predictor(model, condition, branches, None, interval=interval)
    ready = Predictor(model, condition, branches, None, times=times, interval=interval)
    assert calls == [16]  # times, branches and pictures
    for time in (*times, 0.4):
        ours, theirs = ready(noisy, time), plain(noisy, time)
        torch.testing.assert_close(ours.data, theirs.data)
        torch.testing.assert_close(ours.noise, theirs.noise)
    many = [time / 100 for time in range(100)]
    Predictor(model, condition, branches, None, times=many)
    assert calls.count(400) == 0


def test_the_size_of_a_step_is_told(build):
    model = build("pixel")
    condition = model.semantic_condition({}, 2)
    flow, one, two = (ask(model, condition, torch.full((2,), level)) for level in (0, 1, 2))
    torch.testing.assert_close(flow, ask(model, condition))
    assert not torch.allclose(one, flow)
    assert not torch.allclose(one, two)


def test_places_differ_and_share_rows_and_columns():
    found = places(3, 5, 16).view(3, 5, 16)
    assert len(found.flatten(0, 1).unique(dim=0)) == 15
    assert torch.equal(found[1, 0, :8], found[1, 4, :8])
    assert torch.equal(found[0, 2, 8:], found[2, 2, 8:])


@pytest.mark.parametrize("network", NETWORKS)
def test_looks_are_shares_of_the_tokens(build, network):
    model, looks = build("pixel", **network), []
    condition = model.semantic_condition({"text": "one two", "label": "a"}, 2)
    branches = plan_branches({"label": 2.0, "text": 2.0}, condition.slot_names)
    predict = Predictor(model, condition, branches, None, looks=looks)
    predict(torch.randn(2, 1, 8, 8), 0.5)
    height, width = model.denoiser.grid
    for look in looks:
        assert look.shape == (2, height * width, condition.tokens.shape[1])
        torch.testing.assert_close(look.sum(dim=2), torch.ones(2, height * width))
