"""How a plugin stands with the contract, as a small picture for a README or a model card."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from mmgen.media.files import atomic_file
from mmgen.testing.inspection import BROKEN, HOLDS, NOT_ASKED, Finding

LABEL = "mmgen contract"
_GREEN, _GREY, _RED = "#2e7d32", "#6b6b6b", "#c62828"
_LETTER_PX, _MARGIN_PX, _HEIGHT_PX, _BASELINE_PX = 7, 8, 20, 14


def write_badge(findings: Sequence[Finding], path: Path) -> None:
    """Write the badge as SVG, whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    with atomic_file(path) as file:
        file.write(draw_badge(*sum_up(findings)).encode())


def sum_up(findings: Sequence[Finding]) -> tuple[str, str]:
    """Return in words how many sentences hold, of those that ask something; and the colour.

    Green where all hold, red where one is broken, grey where some, or all, could not be checked.
    """
    asked = [item for item in findings if item.outcome != NOT_ASKED]
    held = sum(item.outcome == HOLDS for item in asked)
    words = f"{held} of {len(asked)} hold" if asked else "nothing to check"
    if any(item.outcome == BROKEN for item in asked):
        return words, _RED
    return words, _GREEN if asked and held == len(asked) else _GREY


def draw_badge(words: str, colour: str) -> str:
    """Return an SVG of two fields: what is checked, and the words on the colour.

    Letters are stretched to the width that they are given, so it looks alike in any font.
    """
    label, width = _width(LABEL), _width(LABEL) + _width(words)
    text = 'fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{_HEIGHT_PX}" role="img" '
        f'aria-label="{escape(LABEL)}: {escape(words)}">\n'
        f"<title>{escape(LABEL)}: {escape(words)}</title>\n"
        f'<rect width="{width}" height="{_HEIGHT_PX}" rx="3" fill="#444"/>\n'
        f'<rect x="{label}" width="{width - label}" height="{_HEIGHT_PX}" rx="3" '
        f'fill="{colour}"/>\n'
        f'<rect x="{label}" width="4" height="{_HEIGHT_PX}" fill="{colour}"/>\n'
        f"<g {text}>\n{_text(LABEL, _MARGIN_PX)}\n{_text(words, label + _MARGIN_PX)}\n</g>\n"
        "</svg>\n"
    )


def _width(words: str) -> int:
    return _LETTER_PX * len(words) + 2 * _MARGIN_PX


def _text(words: str, x: int) -> str:
    width = _LETTER_PX * len(words)
    return f'<text x="{x}" y="{_BASELINE_PX}" textLength="{width}">{escape(words)}</text>'
