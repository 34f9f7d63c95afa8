"""The encoder of byte pairs."""

import json

import pytest
import torch
from mmgen_plugin_text.config import TextTransformerConfig
from mmgen_plugin_text.transformer import TextTransformer

from mmgen.errors import DataError, MmgenWarning, ModelFileError, OptionError
from mmgen.pretrained import build_encoder, load_folder

TEXTS = ["a red fox", "a red whale", "the blue whale"] * 4
TINY = {"width": 12, "heads": 3, "depth": 2, "length": 30, "vocabulary": 300}


def make(texts=TEXTS, **config):
    torch.manual_seed(0)
    return build_encoder("text-transformer", {**TINY, **config}, texts).eval()


def embed(encoder, *texts):
    with torch.no_grad():
        return encoder(**encoder.prepare([*texts]))


def test_frequent_words_become_one_token():
    encoder = make()
    tokens = encoder.prepare(["a red whale"])["tokens"]
    assert tokens.shape == (1, 3)
    assert encoder.tokenizer.get_vocab_size() <= 300
    assert len(make(vocabulary=257).prepare(["red"])["tokens"][0]) == 4  # bytes, and a space


def test_case_and_forms_of_a_sign_do_not_matter():
    encoder = make()
    assert torch.equal(*encoder.prepare(["A Red ﬁsh", "a red fish"])["tokens"])


def test_every_text_in_every_script_has_tokens_of_its_own():
    encoder = make(length=60)
    texts = ["红色的狐狸", "لون", "🦊", "", " . ", "a\x00b", "zyzzyva"]
    found = embed(encoder, *texts)
    assert found.token_mask.any(dim=1).all()
    assert len({tuple(row.tolist()) for row in found.pooled}) == len(texts)
    assert found.pooled.isfinite().all()


def test_the_sign_of_padding_is_text_where_it_is_typed():
    encoder = make()
    found = embed(encoder, "<pad>", "a <pad> fox", "a fox")
    assert found.pooled.isfinite().all()
    assert not torch.allclose(found.pooled[1], found.pooled[2])


def test_the_order_of_words_matters():
    one, other = embed(make(), "red fox whale", "whale fox red").pooled
    assert not torch.allclose(one, other, atol=1e-3)


def test_padding_changes_nothing():
    encoder = make()
    alone, together = embed(encoder, "a fox"), embed(encoder, "a fox", "the blue whale a red fox")
    torch.testing.assert_close(alone.pooled[0], together.pooled[0], atol=1e-5, rtol=1e-5)


def test_some_tokens_are_read_as_any_others_while_learning():
    encoder, read = make(noise=0.25), []
    encoder.vectors.register_forward_pre_hook(lambda _, given: read.append(given[0]))
    tokens = torch.full((100, 30), 7)
    tokens[:, 20:] = 0
    encoder.train()(tokens=tokens)
    encoder.eval()(tokens=tokens)
    learning, later = read
    assert torch.equal(later, tokens)
    assert torch.equal(learning > 0, tokens > 0)
    others = learning[learning != tokens]
    assert len(others) / (100 * 20) == pytest.approx(0.25, abs=0.05)
    assert len(others.unique()) > 100


def test_the_same_texts_give_the_same_tokenizer():
    assert make().assets() == make().assets()


def test_it_is_saved_with_its_tokenizer(tmp_path):
    encoder = make()
    again = load_folder(encoder.save(tmp_path / "encoder"))
    assert isinstance(again, TextTransformer)
    texts = ["a red whale", "unseen words"]
    assert torch.equal(embed(again, *texts).pooled, embed(encoder, *texts).pooled)


@pytest.mark.parametrize("damage", ["", "{}", "not json", json.dumps({"version": "1.0"})])
def test_a_damaged_tokenizer_is_named(tmp_path, damage):
    folder = make().save(tmp_path / "encoder")
    (folder / "tokenizer.json").write_text(damage)
    with pytest.raises(ModelFileError, match="cannot be built from it"):
        load_folder(folder)


def test_another_tokenizer_is_refused(tmp_path):
    folder = make().save(tmp_path / "encoder")
    text = (folder / "tokenizer.json").read_text()
    (folder / "tokenizer.json").write_text(text.replace("<pad>", "<bad>"))
    with pytest.raises(ModelFileError, match="must have '<pad>' as its token 0"):
        load_folder(folder)


def test_a_long_text_is_cut_with_a_warning():
    with pytest.warns(MmgenWarning, match="has 5 tokens; the encoder reads the first 4"):
        found = embed(make(length=4), "a red fox a whale", "a")
    assert found.token_mask.tolist() == [[True] * 4, [True, False, False, False]]


@pytest.mark.parametrize("texts", [[], ["", " "]])
def test_texts_are_needed(texts):
    with pytest.raises(DataError, match="needs texts to learn its byte pairs"):
        make(texts)


def test_heads_share_the_width():
    with pytest.raises(OptionError, match="width must be a multiple of heads"):
        TextTransformerConfig(width=10, heads=4)


def test_tokens_tell_which_letters_they_stand_for():
    encoder = make()
    text = "A red fox"
    spans = encoder.token_spans(text)
    assert len(spans) == encoder.prepare([text])["tokens"].shape[1]
    assert {at for start, end in spans for at in range(start, end)} >= set(range(2, 5))
    assert spans == sorted(spans)
