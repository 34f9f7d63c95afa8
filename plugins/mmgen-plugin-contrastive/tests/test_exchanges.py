"""Texts with two of their words exchanged."""

import torch
from mmgen_plugin_contrastive.exchanges import exchange_words

TEXTS = [
    "a red circle, and a blue square.",
    "a green circle, and a red square.",
    "a blue star, and a green moon.",
]


def many(texts, count=400):
    draws = torch.rand(count, len(texts), 2, generator=torch.Generator().manual_seed(0))
    return [exchange_words(texts, each) for each in draws]


def test_the_words_are_the_same_and_two_have_changed_places():
    for row in many(TEXTS, 50):
        for text, found in zip(TEXTS, row, strict=True):
            assert found != text
            assert sorted(found.replace(",", "").replace(".", "").split()) == sorted(
                text.replace(",", "").replace(".", "").split()
            )
            assert [c for c in found if c in ",."] == [",", "."]
            moved = sum(a != b for a, b in zip(found.split(), text.split(), strict=True))
            assert moved == 2


def test_rare_words_are_exchanged_more_often():
    found = [row[2] for row in many(TEXTS)]
    rare = sum(text == "a blue moon, and a green star." for text in found)
    common = sum(text.startswith(("and ", "blue a")) for text in found)
    assert rare > 40
    assert rare > 2 * common


def test_a_text_of_one_word_has_none():
    draws = torch.rand(3, 2)
    assert exchange_words(["heart", "", "heart Heart"], draws) == ["", "", ""]


def test_a_texts_exchange_depends_on_its_own_draw_and_the_words_around():
    draws = torch.tensor([[0.1, 0.2], [0.9999999, 0.9999999], [0.0, 0.0]])
    once = exchange_words(TEXTS, draws)
    assert once == exchange_words(TEXTS, draws)
    assert once[1] != exchange_words(TEXTS, 1 - draws)[1]


def test_words_of_other_scripts_are_exchanged_and_texts_without_spaces_are_one_word():
    texts = ["красный круг", "heureux l’homme", "红色的圆圈"]
    found = exchange_words(texts, torch.full((3, 2), 0.5))
    assert found == ["круг красный", "l’homme heureux", ""]
