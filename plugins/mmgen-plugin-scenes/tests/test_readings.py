"""What captions say, as numbers by place."""

import pytest
from mmgen_plugin_scenes.readings import NO_COLOUR, NO_SIZE, NO_VALUE, Readings, read_captions
from mmgen_plugin_scenes.vocabulary import COLOUR_NAMES, PLACE_NAMES

from mmgen.errors import InputError


def test_each_place_has_what_the_caption_names_there():
    said = read_captions(["a big red 7 at the top, a cyan zero on the left", "a white 1 below"])
    top, left = PLACE_NAMES.index("top"), PLACE_NAMES.index("left")
    assert said.value[0, top] == 7
    assert said.colour[0, left] == COLOUR_NAMES.index("cyan")
    assert (said.size[0, top], said.size[0, left]) == (2, 1)
    assert said.filled.sum(dim=1).tolist() == [2, 1]
    empty = ~said.filled
    assert (said.value[empty] == NO_VALUE).all()
    assert (said.colour[empty] == NO_COLOUR).all()
    assert (said.size[empty] == NO_SIZE).all()


def test_there_may_be_none_and_parts_are_joined():
    assert len(read_captions([])) == 0
    both = Readings.joined([read_captions(["a white 1 below"]), Readings.nothing(2)])
    assert both.filled.sum(dim=1).tolist() == [1, 0, 0]


def test_a_caption_that_is_none_is_refused():
    with pytest.raises(InputError, match="a photograph of a dog"):
        read_captions(["a photograph of a dog"])
