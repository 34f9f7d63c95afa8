"""From texts to words, and from words to pieces."""

import pytest
from mmgen_plugin_text.words import bucket, pieces, split_words, word_spans


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A red Fox.", ["a", "red", "fox", "."]),
        ("it's 3-D!", ["it", "'", "s", "3", "-", "d", "!"]),
        ("STRASSE straße", ["strasse", "strasse"]),
        ("ﬁve ｆｏｘｅｓ", ["five", "foxes"]),
        ("红色fox", ["红", "色", "fox"]),
        ("きつね", ["き", "つ", "ね"]),
        ("лиса и ثعلب", ["лиса", "и", "ثعلب"]),
        ("🦊🦊", ["🦊", "🦊"]),
        (" \t\n", [""]),
        ("", [""]),
    ],
)
def test_a_text_becomes_words_and_signs(text, words):
    assert split_words(text) == words


def test_nothing_of_a_text_is_lost():
    text = "Ünïcode, d'été; 数字42 — naïve_name ½ … ق"
    assert "".join(split_words(text)) == "".join(
        "ünïcode,d'été;数字42—naïve_name1⁄2...ق".split()  # noqa: SIM905
    )


def test_pieces_are_all_runs_of_letters_with_the_ends_marked():
    """Bojanowski et al. 2017, section 3.2: where, n = 3."""
    assert pieces("where", 3, 3) == ["<wh", "whe", "her", "ere", "re>"]
    assert pieces("cat", 3, 6) == ["<ca", "cat", "at>", "<cat", "cat>", "<cat>"]
    assert pieces("a", 3, 6) == ["<a>"]
    assert pieces("", 3, 6) == ["<>"]


@pytest.mark.parametrize(
    ("piece", "hash"), [("", 0x811C9DC5), ("a", 0xE40C292C), ("foobar", 0xBF9CF968)]
)
def test_the_hash_is_fnv_1a(piece, hash):
    """Test vectors of the authors' reference."""
    assert bucket(piece, 2**32) == hash
    assert bucket(piece, 1000) == hash % 1000


@pytest.mark.parametrize(
    "text", ["A red Fox.", "  it's\t3-D!", "ﬁve ｆｏｘｅｓ", "红色fox", "straße", "🦊🦊"]
)
def test_words_are_found_where_they_stand(text):
    spans = word_spans(text)
    assert [split_words(text[start:end]) for start, end in spans] == [
        [word] for word in split_words(text)
    ]
    assert word_spans("")[0] == (0, 0)
