"""Plain text tables, as wide as the terminal."""

import os
import sys
from collections.abc import Sequence

_GAP = "  "
_FIRST_WIDE = "\u1100"
_LEAST = 8  # columns of the terminal that a cell keeps when it is narrow
_LEAST_WRAPPED = 24


def terminal_width() -> int | None:
    """Return the characters in a line of the terminal; None where stdout is not one."""
    if not sys.stdout.isatty():
        return None
    try:
        return int(os.environ.get("COLUMNS") or os.get_terminal_size(1).columns)
    except (OSError, ValueError):
        return 80


def format_table(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    width: int | None = None,
    *,
    wrap: bool = False,
) -> str:
    """Return rows under their headings, aligned.

    Args:
        width: columns per line; the widest cells are cut with "…" to keep to it. None: uncut.
        wrap: break the last cell into several lines where it would be cut.
    """
    lines = [list(headings), *map(list, rows)]
    widths = [max(_columns(line[at]) for line in lines) for at in range(len(headings))]
    if width is not None:
        widths = _shrink(widths, width - len(_GAP) * (len(widths) - 1), wrap=wrap)
    if wrap:
        lines = [part for line in lines for part in _wrapped(line, widths[-1])]
    return "\n".join(_GAP.join(map(_fit, line, widths)).rstrip() for line in lines)


def _wrapped(line: list[str], width: int) -> list[list[str]]:
    """Break the last cell at its words; the other cells stay in the first line."""
    if _columns(line[-1]) <= width:
        return [line]
    from textwrap import wrap

    parts = wrap(line[-1], width)
    blank = [""] * (len(line) - 1)
    return [[*line[:-1], parts[0]], *([*blank, part] for part in parts[1:])]


def _shrink(widths: list[int], available: int, *, wrap: bool) -> list[int]:
    """Take from the widest column until all fit, or none has more than the least.

    Where the last one is wrapped, nothing of it is lost: it gives first.
    """
    widths = list(widths)
    if wrap:
        excess = max(0, sum(widths) - available)
        widths[-1] -= min(excess, max(0, widths[-1] - _LEAST_WRAPPED))
    while sum(widths) > available and max(widths) > _LEAST:
        widths[widths.index(max(widths))] -= 1
    return widths


def _fit(text: str, width: int) -> str:
    """Return the text cut or filled up to that many columns."""
    if _columns(text) > width:
        while _columns(text) > width - 1:
            text = text[:-1]
        text += "…"
    return text + " " * (width - _columns(text))


def _columns(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if not text or max(text) < _FIRST_WIDE:
        return len(text)
    from unicodedata import east_asian_width

    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
