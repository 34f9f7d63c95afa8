"""Colours and letters of the pictures of explanations."""

from functools import cache

import numpy as np
from PIL import ImageFont

FONT_PX = 13
LINE_PX = 20
FONT = ImageFont.load_default(FONT_PX)
INK, PAPER, GREY = (30, 30, 30), (255, 255, 255), (170, 170, 170)
_NOWHERE = "\U0010ffff"
"""A sign that no font has."""
_RED, _BLUE, _DARK = np.array([178, 24, 43]), np.array([33, 102, 172]), np.array([8, 48, 107])


def signed_shades(values: np.ndarray) -> np.ndarray:
    """Return uint8 (…, 3) of values in [-1, 1]: blue through white to red."""
    values = np.clip(values, -1, 1)[..., None]
    end = np.where(values > 0, _RED, _BLUE)
    return np.rint(255 + (end - 255) * np.abs(values)).astype(np.uint8)


def shade(share: float) -> tuple[int, int, int]:
    """Return the colour of 0, white, to 1, dark blue."""
    red, green, blue = np.rint(255 + (_DARK - 255) * min(max(share, 0.0), 1.0)).astype(int)
    return int(red), int(green), int(blue)


def ink_on(share: float) -> tuple[int, int, int]:
    """Return the colour of letters on a shade."""
    return PAPER if share > 0.4 else INK


def legible(text: str) -> str:
    """Return a text with the code of each sign that the font has no picture of."""
    return "".join(sign if _is_drawn(sign) else f"U+{ord(sign):04X}" for sign in text)


@cache
def _is_drawn(sign: str) -> bool:
    return sign.isspace() or bytes(FONT.getmask(sign)) != bytes(FONT.getmask(_NOWHERE))


def shorten(text: str, width: float) -> str:
    """Return a text that is legible and at most so many px wide, its end cut where it must be."""
    text = legible(text)
    if FONT.getlength(text) <= width:
        return text
    while text and FONT.getlength(text + "..") > width:
        text = text[:-1]
    return text + ".."
