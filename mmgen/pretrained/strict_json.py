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
    _check_values(found, data.isascii() and b"\\u" not in data)
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


def _check_values(found: Any, plain: bool) -> None:
    """Raise ValueError for what is nested too deep, and for text that no file could hold.

    Args:
        plain: all text is known to be ASCII.
    """
    left = [([found], 0)]
    while left:
        values, depth = left.pop()
        if depth > _MAX_DEPTH:
            raise ValueError(f"it is nested more than {_MAX_DEPTH} deep")
        for value in values:
            if isinstance(value, list):
                left.append((value, depth + 1))
            elif isinstance(value, dict):
                left.append((list(value.values()), depth + 1))
                if not plain:
                    left.append((list(value), depth + 1))
            elif not plain and isinstance(value, str):
                _check_text(value)


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{shown(text)} holds half a character, a surrogate") from None
