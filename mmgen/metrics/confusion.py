"""A confusion matrix as a picture."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

_CELL_PX = 44
_FONT_PX = 13
_MARGIN_PX = 10
_DARK = np.array([8, 48, 107])
_INK, _PAPER = (30, 30, 30), (255, 255, 255)
_LONGEST_NAME = 14


def draw_confusion(counts: Tensor, classes: Sequence[str]) -> np.ndarray:
    """Return uint8 (H, W, 3): a row per true class, a column per class it was taken for.

    The shade of a cell is its share of the row, the number in it the count.

    Args:
        counts: int64 (K, K).
        classes: the K names.
    """
    font = ImageFont.load_default(_FONT_PX)
    names = [name if len(name) <= _LONGEST_NAME else f"{name[:12]}.." for name in classes]
    left = _MARGIN_PX + round(max(font.getlength(name) for name in names)) + _MARGIN_PX
    top = left + _FONT_PX
    side = _CELL_PX * len(names)
    picture = Image.new("RGB", (left + side + _MARGIN_PX, top + side + _MARGIN_PX), _PAPER)
    pen = ImageDraw.Draw(picture)
    pen.text((left, _MARGIN_PX / 2), "taken for", fill=_INK, font=font)
    for index, name in enumerate(names):
        middle = top + (index + 0.5) * _CELL_PX
        pen.text((left - _MARGIN_PX / 2, middle), name, fill=_INK, font=font, anchor="rm")
        _write_upright(picture, name, (left + round((index + 0.5) * _CELL_PX), top - 4), font)
    shares = counts.double() / counts.sum(dim=1, keepdim=True).clamp(min=1)
    for row in range(len(names)):
        for column in range(len(names)):
            corner = (left + column * _CELL_PX, top + row * _CELL_PX)
            share, count = float(shares[row, column]), int(counts[row, column])
            _draw_cell(pen, corner, share, count, font)
    return np.asarray(picture)


def _draw_cell(
    pen: ImageDraw.ImageDraw,
    corner: tuple[int, int],
    share: float,
    count: int,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    # The root makes the few mistakes of a good classifier visible.
    shade = np.rint(255 + (_DARK - 255) * share**0.5).astype(int)
    x, y = corner
    box = (x, y, x + _CELL_PX - 1, y + _CELL_PX - 1)
    pen.rectangle(box, fill=(int(shade[0]), int(shade[1]), int(shade[2])), outline=(225, 225, 225))
    if count:
        ink = _PAPER if share > 0.3 else _INK
        text = str(count) if count < 100_000 else f"{count:.0e}"
        pen.text((x + _CELL_PX / 2, y + _CELL_PX / 2), text, fill=ink, font=font, anchor="mm")


def _write_upright(
    picture: Image.Image,
    text: str,
    foot: tuple[int, int],
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    """Write from the bottom up; `foot` is the middle of the lower edge."""
    label = Image.new("RGB", (round(font.getlength(text)) + 2, _FONT_PX + 6), _PAPER)
    ImageDraw.Draw(label).text((0, 1), text, fill=_INK, font=font)
    label = label.rotate(90, expand=True)
    picture.paste(label, (foot[0] - label.width // 2, foot[1] - label.height))
