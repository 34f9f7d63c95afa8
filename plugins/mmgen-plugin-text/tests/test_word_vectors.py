"""The encoder of words."""

import pytest
import torch
from mmgen_plugin_text.config import WordVectorsConfig
from mmgen_plugin_text.subwords import fit_pieces
from mmgen_plugin_text.word_vectors import WordVectors

from mmgen.errors import DataError, MmgenWarning, OptionError
from mmgen.pretrained import build_encoder, load_folder

TEXTS = ["a red fox", "a blue whale", "the red whale"]
FILE = "red 1 0 0\nwhale 0 1 0\nreddish 0.9 0 0.1\nWhales 0 0.9 0\nexpensive 0 0 1\n"


def make(texts=TEXTS, **config):
    torch.manual_seed(0)
    config = {"dimension": 5, "buckets": 200, "pooling": "bag", **config}
    return build_encoder("word-vectors", config, texts).eval()


def embed(encoder, *texts):
    with torch.no_grad():
        return encoder(**encoder.prepare([*texts]))


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text(FILE)
    return path


def test_the_vocabulary_is_the_data_s_the_most_frequent_words_first():
    assert make().words[:3] == ("a", "red", "whale")
    assert set(make().words) == {"a", "red", "whale", "fox", "blue", "the"}
    assert make(max_words=2).words == ("a", "red")
    assert set(make(min_count=2).words) == {"a", "red", "whale"}


def test_a_known_word_has_its_own_vector():
    encoder = make()
    found = embed(encoder, "Red WHALE")
    own = encoder.vectors.weight[[encoder.words.index(word) for word in ("red", "whale")]]
    torch.testing.assert_close(found.tokens[0], own)
    torch.testing.assert_close(found.pooled[0], own.mean(dim=0))


def test_an_unknown_word_is_the_mean_of_its_pieces():
    encoder = make(shortest=3, longest=3)
    rows = [encoder._buckets("yak")]
    assert len(rows[0]) == 3  # <ya, yak, ak>
    torch.testing.assert_close(
        embed(encoder, "yak").tokens[0, 0], encoder.piece_vectors.weight[rows[0]].mean(dim=0)
    )


@pytest.mark.parametrize("pooling", ["bag", "gru", "attention"])
def test_no_word_is_left_out(pooling):
    encoder = make(pooling=pooling)
    texts = ["a red", "a red yak", "a red zebu", "a red 狐", "a red 🦊", "", "?"]
    pooled = embed(encoder, *texts).pooled
    assert len({tuple(row.tolist()) for row in pooled}) == len(texts)


def test_a_bag_has_no_order_and_a_recurrent_network_has():
    for pooling, same in (("bag", True), ("gru", False)):
        one, other = embed(make(pooling=pooling), "red whale fox", "fox red whale").pooled
        assert torch.allclose(one, other, atol=1e-6) == same


def test_known_words_are_read_by_their_pieces_now_and_then_while_learning():
    encoder = make(subword_dropout=0.3).train()
    tokens = encoder(**encoder.prepare(["red"] * 2000)).tokens[:, 0]
    own = encoder.vectors.weight[encoder.words.index("red")]
    share = (tokens == own).all(dim=1).float().mean().item()
    assert share == pytest.approx(0.7, abs=0.04)
    never = make(subword_dropout=0.0).train()
    tokens = never(**never.prepare(["red"] * 50)).tokens[:, 0]
    assert (tokens == never.vectors.weight[never.words.index("red")]).all()


def test_gradients_reach_words_pieces_and_pooling():
    encoder = make(pooling="attention").train()
    encoder(**encoder.prepare(["a red yak"])).pooled.square().sum().backward()
    for name, parameter in encoder.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_vectors_of_a_file_are_taken_and_may_stay(file):
    encoder = make(vectors=str(file), tuned=False)
    assert encoder.config.vectors == ""
    assert encoder.config.dimension == encoder.width == 3
    assert embed(encoder, "red whale").tokens[0].tolist() == [[1, 0, 0], [0, 1, 0]]
    assert not encoder.vectors.weight.requires_grad
    assert not encoder.piece_vectors.weight.requires_grad
    assert make(vectors=str(file)).vectors.weight.requires_grad


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("org/words:a/b.txt", ("org/words", "a/b.txt", None)),
        ("org/words@v1:b.txt", ("org/words", "b.txt", "v1")),
    ],
)
def test_a_file_of_the_hub_is_fetched(file, monkeypatch, name, asked):
    calls = []

    def fetch_file(*arguments):
        calls.append(arguments)
        return file

    monkeypatch.setattr("mmgen_plugin_text.word_vectors.fetch_file", fetch_file)
    assert make(vectors=name).config.dimension == 3
    assert calls == [asked]


def test_the_file_s_words_follow_the_data_s(file):
    encoder = make(vectors=str(file))
    # "Whales" is never asked for: words are folded to small letters.
    assert set(encoder.words) - {"a", "red", "whale", "fox", "blue", "the"} == {
        "reddish",
        "expensive",
    }
    assert len(make(vectors=str(file), max_words=6).words) == 6


def test_words_that_neither_has_start_as_their_pieces_say(file):
    encoder = make(["red"], vectors=str(file), buckets=5000, tuned=False)
    red, odd = embed(encoder, "reddishly", "expensively").pooled
    cosine = torch.nn.functional.cosine_similarity
    reddish, expensive = torch.tensor([0.9, 0, 0.1]), torch.tensor([0.0, 0, 1])
    assert cosine(red, reddish, dim=0) > 0.9 > cosine(red, expensive, dim=0)
    assert cosine(odd, expensive, dim=0) > 0.9 > cosine(odd, reddish, dim=0)


def test_words_of_the_data_that_the_file_lacks_start_likewise(file):
    encoder = make(["expensiveness"], vectors=str(file), buckets=5000)
    found = embed(encoder, "expensiveness").pooled[0]
    assert torch.nn.functional.cosine_similarity(found, torch.tensor([0.0, 0, 1]), dim=0) > 0.9


def test_pieces_are_the_least_squares_with_a_ridge():
    generator = torch.Generator().manual_seed(0)
    rows = torch.randint(0, 7, (30, 4), generator=generator)
    rows[::3, 2:] = -1
    vectors = torch.randn(30, 3, generator=generator)
    means = torch.zeros(30, 7, dtype=torch.float64)
    for row, line in enumerate(rows.tolist()):
        parts = [part for part in line if part >= 0]
        for part in parts:
            means[row, part] += 1 / len(parts)
    from mmgen_plugin_text.subwords import RIDGE

    normal = means.T @ means + RIDGE / 30**0.5 * torch.eye(7, dtype=torch.float64)
    expected = torch.linalg.solve(normal, means.T @ vectors.double())
    torch.testing.assert_close(
        fit_pieces(rows, vectors, 7).double(), expected, rtol=1e-4, atol=1e-5
    )


def test_it_is_saved_with_its_words_and_without_the_file_s_name(file, tmp_path):
    encoder = make(vectors=str(file), tuned=False, pooling="gru", hidden=6)
    folder = encoder.save(tmp_path / "encoder")
    assert str(file) not in (folder / "config.json").read_text()
    file.unlink()
    again = load_folder(folder)
    assert isinstance(again, WordVectors)
    assert again.words == encoder.words
    assert not again.vectors.weight.requires_grad
    texts = ["a red yak", "whale"]
    assert torch.equal(embed(again, *texts).pooled, embed(encoder, *texts).pooled)


def test_a_long_text_is_cut_with_a_warning():
    encoder = make(length=3)
    with pytest.warns(MmgenWarning, match="has 5 words; the encoder reads the first 3"):
        found = embed(encoder, "a red fox a whale", "a")
    assert found.token_mask.tolist() == [[True, True, True], [True, False, False]]


@pytest.mark.parametrize("texts", [[], [""], ["  ", "\n"]])
def test_texts_without_words_are_refused(texts):
    with pytest.raises(DataError, match="neither the data nor a file has any"):
        make(texts)


@pytest.mark.parametrize("config", [{"shortest": 4, "longest": 3}, {"pooling": "gru", "hidden": 5}])
def test_settings_must_fit_each_other(config):
    with pytest.raises(OptionError):
        WordVectorsConfig(**config)
