"""Digits are cut to their ink and scaled."""

import numpy as np
import pytest
import torch
from mmgen_plugin_scenes.glyphs import make_glyphs
from mmgen_plugin_scenes.vocabulary import SIZES

from mmgen.data import PictureData
from mmgen.errors import DataError


def squares(**changes):
    """Twenty dark pictures, each with a bar 6 px high and 2 wide, anywhere, of ten classes."""
    images = torch.zeros(20, 1, 12, 12, dtype=torch.uint8)
    for row in range(20):
        images[row, 0, row % 6 : row % 6 + 6, row % 10 : row % 10 + 2] = 100 + row
    given = {"images": images, "labels": torch.arange(20) % 10, "name": "bars"}
    return PictureData(**{**given, "class_names": tuple("0123456789"), **changes})


def test_ink_fills_its_box_wherever_it_was():
    glyphs = make_glyphs(squares())
    for mask, px in zip(glyphs.masks, SIZES.values(), strict=True):
        assert mask.shape == (20, px, px)
        bright = mask > 127
        assert bright.any(dim=2).all()  # from top to bottom
        columns = bright.any(dim=1).sum(dim=1)
        assert ((columns >= px // 3 - 1) & (columns <= px // 3 + 2)).all()  # as narrow as it was
        assert (mask.amax(dim=(1, 2)) > 240).all()
        assert (mask.float() - mask[0].float()).abs().max() < 8  # and all alike


def test_numbers_choose_digits_of_the_value():
    glyphs = make_glyphs(squares())
    values = np.array([3, 3, 9, 0])
    found = glyphs.choose(values, np.array([0, 1, 7, 2**64 - 1], dtype=np.uint64))
    assert found.tolist() == [3, 13, 19, 10]


def test_the_same_digits_are_made_once():
    first = make_glyphs(squares())
    assert make_glyphs(squares()) is first
    assert make_glyphs(squares(images=255 - squares().images)) is not first


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"labels": None, "class_names": None}, "has no labels: set data.base"),
        ({"images": torch.zeros(20, 3, 4, 4, dtype=torch.uint8)}, "bars has 3 channels"),
        ({"labels": torch.arange(20) % 9}, "bars has no 9"),
        ({"class_names": ("shoe", *"123456789")}, "the class 'shoe'"),
    ],
)
def test_what_is_no_set_of_digits_is_refused(changes, words):
    with pytest.raises(DataError, match=words):
        make_glyphs(squares(**changes))
