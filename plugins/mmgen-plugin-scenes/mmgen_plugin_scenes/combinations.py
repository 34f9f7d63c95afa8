"""Combinations of value, colour and place that training never shows."""

from functools import cache

import numpy as np

from mmgen.data.splits import splitmix64
from mmgen_plugin_scenes.vocabulary import COLOUR_NAMES, NUM_VALUES, PLACE_NAMES, SceneObject

_SEED = 64_64
"""Of the rule, which no option changes: results would not compare."""


@cache
def withheld_values() -> np.ndarray:
    """Return int64 (8, 5): which value is withheld for each colour and place.

    One value in ten for every colour and place: 40 of 400 combinations. The 40 pairs are ranked
    by a fixed hash, and the one of rank r withholds r mod 10: so each value is withheld four
    times, each colour five times, each place eight times, and each was seen in most others.
    """
    num_pairs = len(COLOUR_NAMES) * len(PLACE_NAMES)
    order = np.argsort(splitmix64(np.arange(num_pairs, dtype=np.uint64), _SEED), kind="stable")
    values = np.empty(num_pairs, np.int64)
    values[order] = np.arange(num_pairs) % NUM_VALUES
    table = values.reshape(len(COLOUR_NAMES), len(PLACE_NAMES))
    table.setflags(write=False)
    return table


def is_withheld(scene_object: SceneObject) -> bool:
    """Whether training never shows this value in this colour at this place."""
    colour = COLOUR_NAMES.index(scene_object.colour)
    place = PLACE_NAMES.index(scene_object.place)
    return int(withheld_values()[colour, place]) == scene_object.value
