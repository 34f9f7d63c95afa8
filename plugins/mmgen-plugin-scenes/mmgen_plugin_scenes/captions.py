"""The grammar of captions: many ways to say what is in a scene."""

from collections.abc import Sequence
from typing import TypeVar

from mmgen_plugin_scenes.vocabulary import SceneObject

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

SIZE_WORDS: dict[str, tuple[str, ...]] = {
    "small": ("small", "little", "tiny"),
    "medium": ("", "", "", "medium-sized"),  # mostly unsaid
    "large": ("large", "big", "huge"),
}
PLACE_PHRASES: dict[str, tuple[str, ...]] = {
    "left": ("on the left", "at the left side", "to the left", "on the left-hand side"),
    "right": ("on the right", "at the right side", "to the right", "on the right-hand side"),
    "top": ("at the top", "on top", "in the upper part", "at the upper edge"),
    "bottom": ("at the bottom", "below", "in the lower part", "at the lower edge"),
    "middle": ("in the middle", "in the centre", "at the centre", "right in the middle"),
}

_NOUNS = (
    "a {size} {colour} {value}",
    "a {colour} {size} {value}",
    "a {size} {colour} digit {value}",
    "a {size} {value} in {colour}",
    "the {size} {colour} {value}",
    "the {size} digit {value} in {colour}",
    "the {size} number {value} in {colour}",
)
_CLAUSES = (
    "{noun} {place}",
    "{noun} {place}",
    "{place} {noun}",
    "{place} there is {noun}",
    "{place} is {noun}",
    "{noun} is {place}",
)
_BETWEEN_TWO = (" and ", " and ", ", ", "; ", ", and ")
_BETWEEN_THREE = ((", ", " and "), (", ", ", and "), (", ", ", "), (" and ", " and "), ("; ", "; "))
_OPENINGS = (
    "",
    "",
    "",
    "",
    "{count}: ",
    "there {verb} {count}: ",
    "a scene of {count}: ",
    "a picture with {count}: ",
)


T = TypeVar("T")


class _Choice:
    """Spends one hashed number on choices, one after the other."""

    def __init__(self, number: int) -> None:
        self._left = number

    def __call__(self, options: Sequence[T]) -> T:
        self._left, index = divmod(self._left, len(options))
        return options[index]


def write_caption(objects: Sequence[SceneObject], wording: Sequence[int]) -> str:
    """Return a caption that names value, colour and place of each of one to three objects.

    Their sizes are said too, but for most of the medium ones. The objects are named in an order
    of the caption's own; `read_caption` finds them in it.

    Args:
        wording: numbers from 0 to 2^64 - 1, which choose the words: of the caption as a whole,
            and of each object.
    """
    choose = _Choice(wording[0])
    clauses = [
        _write_clause(scene_object, _Choice(number))
        for scene_object, number in zip(objects, wording[1:], strict=False)
    ]
    ordered = [clauses.pop(choose(range(len(clauses)))) for _ in objects]
    text = _join(ordered, choose)
    count = choose((WORDS[len(objects)], WORDS[len(objects)], str(len(objects))))
    noun, verb = ("digit", "is") if len(objects) == 1 else ("digits", "are")
    return choose(_OPENINGS).format(count=f"{count} {noun}", verb=verb) + text


def _join(clauses: Sequence[str], choose: _Choice) -> str:
    between: Sequence[str] = ("",)
    if len(clauses) == 2:
        between = (choose(_BETWEEN_TWO),)
    elif len(clauses) == 3:
        between = choose(_BETWEEN_THREE)
    parts = [clauses[0]]
    for joint, clause in zip(between, clauses[1:], strict=False):
        parts += [joint, clause]
    return "".join(parts)


def _write_clause(scene_object: SceneObject, choose: _Choice) -> str:
    noun = choose(_NOUNS).format(
        size=choose(SIZE_WORDS[scene_object.size]),
        colour=scene_object.colour,
        value=choose((WORDS[scene_object.value], str(scene_object.value))),
    )
    place = choose(PLACE_PHRASES[scene_object.place])
    return _with_article(choose(_CLAUSES).format(noun=" ".join(noun.split()), place=place))


def _with_article(clause: str) -> str:
    """Return the clause with "an" before a vowel: an orange, an eight, an 8; but a one."""
    words = clause.split(" ")
    for index, word in enumerate(words[:-1]):
        if word == "a" and words[index + 1].startswith(("orange", "eight", "8")):
            words[index] = "an"
    return " ".join(words)
