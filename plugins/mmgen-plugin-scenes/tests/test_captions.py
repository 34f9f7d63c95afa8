"""Captions say what is in a scene, in many words, and are read back."""

import numpy as np
import pytest
from mmgen_plugin_scenes.caption_reader import read_caption
from mmgen_plugin_scenes.captions import write_caption
from mmgen_plugin_scenes.dataset import write_captions
from mmgen_plugin_scenes.layout import draw_layout
from mmgen_plugin_scenes.vocabulary import SceneObject

from mmgen.errors import InputError

SEVEN = SceneObject(7, "red", "left")
EIGHT = SceneObject(8, "orange", "top", "large")


def test_what_is_written_is_read_back():
    layout = draw_layout(np.arange(6000), 3, unseen=False)
    texts = write_captions(layout)
    for text, objects in zip(texts, layout.objects(), strict=True):
        assert set(read_caption.__wrapped__(text)) == set(objects)
    assert len(set(texts)) > 5900


def test_wording_is_varied():
    numbers = np.random.default_rng(0).integers(0, 2**63, (500, 4)).tolist()
    texts = {write_caption((SEVEN, EIGHT), wording) for wording in numbers}
    assert len(texts) > 490
    for part in ("seven", "7", "big", "huge", "on the left", "to the left", "two digits: ", ";"):
        assert any(part in text for text in texts), part
    firsts = [read_caption(text)[0].value for text in texts]
    assert 150 < firsts.count(7) < 350


def test_articles_are_right():
    numbers = np.random.default_rng(1).integers(0, 2**63, (300, 4)).tolist()
    objects = (SceneObject(8, "white", "top"), SceneObject(1, "orange", "left"))
    text = " / ".join(write_caption(objects, wording) for wording in numbers)
    for right, wrong in (("an eight", "a eight"), ("an orange", "a orange"), ("a one", "an one")):
        assert right in text
        assert wrong not in text
    assert "an 8" in text


@pytest.mark.parametrize(
    ("text", "objects"),
    [
        ("a red seven on the left", (SEVEN,)),
        ("Two digits: a red 7 on the left and, at the top a huge orange eight.", None),
        ("At the top a big orange 8, to the left a red seven.", (EIGHT, SEVEN)),
        ("one digit: a blue 1 in the center", (SceneObject(1, "blue", "middle"),)),
    ],
)
def test_people_may_write_too(text, objects):
    if objects is None:
        with pytest.raises(InputError):
            read_caption(text)
    else:
        assert read_caption(text) == objects


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no value"),
        ("a seven on the left", "no colour"),
        ("a red blue seven on the left", "2 colour"),
        ("a red seven", "no place"),
        ("a red seven on the left at the top", "2 place"),
        ("a tiny big red seven on the left", "2 sizes"),
        ("a red seven on the left over a hill", "'over' is not a word"),
        ("two digits: a red seven on the left", "two digits are told, 1 are named"),
        ("a red 7 on the left, a red 8 on the left", "at one place"),
        ("a red 7 on the left" + ", a red 8 at the top" * 3, "at most 3"),
    ],
)
def test_other_texts_are_refused_with_the_reason(text, why):
    with pytest.raises(InputError, match=why):
        read_caption(text)
