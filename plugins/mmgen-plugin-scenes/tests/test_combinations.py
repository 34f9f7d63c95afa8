"""Which combinations training never shows."""

import numpy as np
from mmgen_plugin_scenes.combinations import is_withheld, withheld_values
from mmgen_plugin_scenes.vocabulary import COLOUR_NAMES, PLACE_NAMES, SceneObject


def test_a_tenth_is_withheld_and_of_every_value_colour_and_place_alike():
    table = withheld_values()
    assert table.shape == (8, 5)
    assert np.bincount(table.ravel()).tolist() == [4] * 10


def test_the_rule_is_for_ever():
    assert withheld_values()[:2].tolist() == [[0, 2, 7, 3, 3], [5, 4, 0, 7, 2]]


def test_objects_are_told_apart():
    found = [
        is_withheld(SceneObject(value, colour, place))
        for value in range(10)
        for colour in COLOUR_NAMES
        for place in PLACE_NAMES
    ]
    assert sum(found) == 40
