"""From a caption back to the objects that it names."""

import re
from collections.abc import Sequence
from functools import lru_cache

from mmgen.errors import InputError
from mmgen_plugin_scenes.captions import PLACE_PHRASES, SIZE_WORDS, WORDS
from mmgen_plugin_scenes.vocabulary import COLOURS, MOST_OBJECTS, SceneObject

_VALUES = {word: value for value, word in enumerate(WORDS)} | {str(v): v for v in range(10)}
_SIZES = {word: size for size, words in SIZE_WORDS.items() for word in words if word} | {
    "medium": "medium"
}
_PLACES = {phrase: place for place, phrases in PLACE_PHRASES.items() for phrase in phrases} | {
    "in the center": "middle",
    "at the center": "middle",
}
_FILLERS = frozenset(("a", "an", "the", "digit", "number", "in", "is", "there"))

_COUNT = "|".join((*WORDS[1 : MOST_OBJECTS + 1], *map(str, range(1, MOST_OBJECTS + 1))))
_OPENING = re.compile(rf"(?:.*\s)?(?P<count>{_COUNT}) digits?\s*:\s*")
_BETWEEN = re.compile(r"\s*[,;]\s*(?:and\s+)?|\s+and\s+")
_PLACE = re.compile(r"\b(?:" + "|".join(sorted(_PLACES, key=len, reverse=True)) + r")\b")


@lru_cache(maxsize=2**17)
def read_caption(text: str) -> tuple[SceneObject, ...]:
    """Return the objects that a caption names, in its order: the inverse of `write_caption`.

    Capital letters and a full stop do not matter. A size that is not said is medium.

    Raises:
        InputError: the text is not of the grammar; says which part, and why.
    """
    rest = " ".join(text.lower().split()).removesuffix(".").strip()
    opening = _OPENING.match(rest)
    if opening is not None:
        rest = rest[opening.end() :]
    objects = tuple(_read_clause(clause, text) for clause in _BETWEEN.split(rest))
    if len(objects) > MOST_OBJECTS:
        raise _unreadable(text, f"a scene has at most {MOST_OBJECTS} digits, not {len(objects)}")
    if opening is not None and _VALUES[opening["count"]] != len(objects):
        raise _unreadable(text, f"{opening['count']} digits are told, {len(objects)} are named")
    places = [found.place for found in objects]
    if len(set(places)) < len(places):
        raise _unreadable(text, "two digits are at one place")
    return objects


def _read_clause(clause: str, text: str) -> SceneObject:
    places = _PLACE.findall(clause)
    words = _PLACE.sub(" ", clause).split()
    values = [_VALUES[word] for word in words if word in _VALUES]
    colours = [word for word in words if word in COLOURS]
    sizes = [_SIZES[word] for word in words if word in _SIZES]
    named: dict[str, Sequence[object]] = {"value": values, "colour": colours, "place": places}
    for what, found in named.items():
        if len(found) != 1:
            raise _unreadable(text, f"{clause!r} names {len(found) or 'no'} {what}, not one")
    if len(sizes) > 1:
        raise _unreadable(text, f"{clause!r} names {len(sizes)} sizes")
    for word in words:
        if not (word in _VALUES or word in COLOURS or word in _SIZES or word in _FILLERS):
            raise _unreadable(text, f"{word!r} is not a word of captions")
    return SceneObject(values[0], colours[0], _PLACES[places[0]], *sizes)


def _unreadable(text: str, why: str) -> InputError:
    return InputError(
        "a caption of a scene names value, colour and place of each digit, as 'a red seven on the "
        f"left and a small blue 2 at the top'; got {text[:200]!r}: {why}"
    )
