"""The badge says what was found."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from mmgen.errors import OutputError
from mmgen.testing.badge import draw_badge, sum_up, write_badge
from mmgen.testing.inspection import Finding

GREEN, GREY, RED = "#2e7d32", "#6b6b6b", "#c62828"


def findings(*outcomes: str) -> list[Finding]:
    return [
        Finding(kind="metric", name="x", check="y", sentence="It is.", outcome=outcome)
        for outcome in outcomes
    ]


@pytest.mark.parametrize(
    ("outcomes", "words", "colour"),
    [
        (("holds", "holds", "not asked"), "2 of 2 hold", GREEN),
        (("holds", "broken"), "1 of 2 hold", RED),
        (("holds", "not checked"), "1 of 2 hold", GREY),
        (("broken", "not checked"), "0 of 2 hold", RED),
        ((), "nothing to check", GREY),
    ],
)
def test_green_is_for_what_was_checked_and_holds(
    outcomes: tuple[str, ...], words: str, colour: str
) -> None:
    assert sum_up(findings(*outcomes)) == (words, colour)


def test_it_is_a_picture_with_words_that_fit_into_it(tmp_path: Path) -> None:
    write_badge(findings("holds", "broken"), tmp_path / "x.svg")
    root = ElementTree.parse(tmp_path / "x.svg").getroot()
    words = [item.text for item in root.iter() if item.tag.endswith("}text")]
    assert words == ["mmgen contract", "1 of 2 hold"]
    assert root.attrib["aria-label"] == "mmgen contract: 1 of 2 hold"
    width = float(root.attrib["width"])
    for item in (item for item in root.iter() if item.tag.endswith("}text")):
        assert float(item.attrib["x"]) + float(item.attrib["textLength"]) < width
        assert 11 <= float(item.attrib["y"]) < float(root.attrib["height"])
    assert RED in (tmp_path / "x.svg").read_text()


def test_words_are_escaped() -> None:
    drawn = draw_badge("<b> & more", GREEN)
    assert not re.search("<b>|& ", drawn)
    ElementTree.fromstring(drawn)


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        write_badge([], tmp_path / "no" / "x.svg")
    assert [*tmp_path.iterdir()] == []
