"""JSON that a stranger may have written: strict, and bounded before it is parsed."""

import json
from typing import Any, NoReturn

from mmgen.errors import shown

_MAX_DEPTH = 40


def parse_json(data: bytes, *, max_values: int) -> Any:
    """Return what a JSON text holds; lists and objects are at most 40 deep.

    Args:
        data: the text.
        max_values: how many values it may hold. Each takes up to 300 bytes of memory, and some
            are written with three.

    Raises:
        ValueError: it is no JSON in UTF-8, breaks one of these rules, or names a key twice;
            in words.
    """
    # Every value but the first of a list or an object comes after a comma.
    if sum(data.count(sign) for sign in (b",", b"[", b"{")) > max_values:
        raise ValueError(f"it holds more than {max_values} values")
    try:
        found = json.loads(
            data.decode("utf-8"), object_pairs_hook=_refuse_twins, parse_constant=_refuse_constant
        )
    except RecursionError:
        raise ValueError(f"it is nested more than {_MAX_DEPTH} deep") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start} is not UTF-8") from None
    _check_values(found)
    return found


def _refuse_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"it names {shown(name)} twice")
        found[name] = value
    return found


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number in JSON")


def _check_values(found: Any) -> None:
    """Raise ValueError for what is nested too deep, and for text that no file could hold."""
    left = [(found, 1)]
    while left:
        value, depth = left.pop()
        if depth > _MAX_DEPTH:
            raise ValueError(f"it is nested more than {_MAX_DEPTH} deep")
        if isinstance(value, str):
            _check_text(value)
        elif isinstance(value, list):
            left += [(item, depth + 1) for item in value]
        elif isinstance(value, dict):
            left += [(item, depth + 1) for item in (*value, *value.values())]


def _check_text(text: str) -> None:
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{shown(text)} holds half a character, a surrogate") from None
