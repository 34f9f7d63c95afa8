"""What is drawn for scenes: always the same, and nothing more often than it should be."""

import numpy as np
from mmgen_plugin_scenes.combinations import is_withheld
from mmgen_plugin_scenes.layout import draw_layout
from mmgen_plugin_scenes.vocabulary import COLOUR_NAMES, MIDDLE, SIDE_PX, SIZES

MANY = draw_layout(np.arange(20_000), 0, unseen=False)
THERE = np.arange(3) < MANY.count[:, None]


def test_a_scene_depends_on_seed_number_and_split_alone():
    some = draw_layout(np.array([7, 3, 19_999]), 0, unseen=False)
    expected = MANY.select(np.array([7, 3, 19_999]))
    assert some.objects() == expected.objects()
    assert np.array_equal(some.left, expected.left)
    for other in (
        draw_layout(np.arange(50), 1, unseen=False),
        draw_layout(np.arange(50), 0, unseen=True),
    ):
        assert other.objects() != MANY.select(np.arange(50)).objects()


def test_training_shows_no_withheld_combination_and_tests_one_or_more_in_every_scene():
    assert not any(is_withheld(item) for objects in MANY.objects() for item in objects)
    unseen = draw_layout(np.arange(5000), 0, unseen=True)
    counts = [sum(map(is_withheld, objects)) for objects in unseen.objects()]
    assert min(counts) == 1
    assert max(counts) > 1


def test_every_other_combination_is_seen():
    combinations = {
        (item.value, item.colour, item.place) for objects in MANY.objects() for item in objects
    }
    assert len(combinations) == 360


def test_all_is_as_likely():
    for column, number in ((MANY.value, 10), (MANY.colour, len(COLOUR_NAMES)), (MANY.place, 5)):
        shares = np.bincount(column[THERE], minlength=number) / THERE.sum()
        assert np.allclose(shares, 1 / number, atol=0.01)
    assert np.allclose(np.bincount(MANY.count)[1:] / len(MANY), 1 / 3, atol=0.02)


def test_places_are_distinct_and_boxes_inside():
    for objects in MANY.objects():
        assert len({item.place for item in objects}) == len(objects)
    side = np.array(list(SIZES.values()))[MANY.size]
    for corner in (MANY.left, MANY.top):
        assert corner.min() >= 0
        assert (corner + side).max() <= SIDE_PX


def test_boxes_hardly_overlap():
    side = np.array(list(SIZES.values()))[MANY.size]
    for a, b in ((0, 1), (0, 2), (1, 2)):
        both = THERE[:, a] & THERE[:, b]
        spans = []
        for corner in (MANY.left, MANY.top):
            low = np.maximum(corner[:, a], corner[:, b])
            high = np.minimum(corner[:, a] + side[:, a], corner[:, b] + side[:, b])
            spans.append(np.clip(high - low, 0, None))
        smaller = np.minimum(side[:, a], side[:, b]) ** 2
        assert ((spans[0] * spans[1]) / smaller)[both].max() < 0.25
    crowded = ((MANY.place == MIDDLE) & THERE).any(axis=1) & (MANY.count > 1)
    assert MANY.size[crowded].max() == 1
    assert MANY.size[~crowded].max() == 2
