"""What is counted, on captions with known answers."""

import pytest
from mmgen_plugin_scenes.attributes import score
from mmgen_plugin_scenes.combinations import withheld_values
from mmgen_plugin_scenes.readings import read_captions
from mmgen_plugin_scenes.vocabulary import COLOUR_NAMES, PLACE_NAMES

SEEN = "a red 1 on the left and a blue 2 at the top"
assert withheld_values()[COLOUR_NAMES.index("red"), PLACE_NAMES.index("left")] == 0


def shares(said, seen):
    found = score(read_captions([said]), read_captions([seen]))
    return {name: share.value for name, share in found.items()}


@pytest.mark.parametrize(
    ("seen", "wrong"),
    [
        (SEEN, {}),
        ("a red 1 on the left and a blue 3 at the top", {"value": 0.5, "all": 0}),
        ("a red 1 on the left and a cyan 2 at the top", {"colour": 0.5, "all": 0}),
        ("a red 1 on the left and a big blue 2 at the top", {"size": 0.5}),
        (
            "a red 1 on the left",
            {"number": 0, "place": 0.5, "value": 0.5, "colour": 0.5, "size": 0.5, "all": 0},
        ),
        (SEEN + " and a white 5 below", {"number": 0, "place": 2 / 3, "all": 0}),
        (
            "a red 1 on the left and a blue 2 in the middle",
            {"place": 1 / 3, "value": 0.5, "colour": 0.5, "size": 0.5, "all": 0},
        ),
    ],
)
def test_each_attribute_is_scored_apart(seen, wrong):
    right = dict.fromkeys(("number", "place", "value", "colour", "size", "all"), 1.0)
    assert shares(SEEN, seen) == pytest.approx(right | wrong)


def test_withheld_combinations_are_scored_alone_too():
    said = "a red 0 on the left and a blue 2 at the top"  # red, left: 0 is withheld
    found = shares(said, "a red 6 on the left and a cyan 2 at the top")
    assert (found["value"], found["value of withheld"]) == (0.5, 0)
    assert (found["colour"], found["colour of withheld"]) == (0.5, 1)
    assert found["place of withheld"] == 1


def test_intervals_are_of_pictures():
    said = read_captions([SEEN] * 400)
    bad = "a white 5 on the left and a white 6 at the top"
    seen = read_captions([SEEN] * 300 + [bad] * 100)
    low, high = score(said, seen)["value"].interval()
    assert low < 0.75 < high
    # Both digits of a picture are right or wrong: 400 independent things, and not 800.
    assert high - low == pytest.approx(2 * 1.96 * (0.75 * 0.25 / 400) ** 0.5, rel=0.15)
    low, high = score(said, said)["value"].interval()
    assert (low, high) == (pytest.approx(400 / (400 + 1.96**2), abs=1e-4), 1)
