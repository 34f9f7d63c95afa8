"""An explanation as a picture: what was made, and what each condition and its parts did to it."""

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw
from torch import Tensor

from mmgen.explaining.ink import FONT, INK, LINE_PX, PAPER, signed_shades
from mmgen.explaining.looks_drawing import draw_looks
from mmgen.explaining.parts_drawing import PARTS_PX, draw_parts
from mmgen.media.decoding import convert_mode
from mmgen.media.pictures import to_bytes, to_pil

if TYPE_CHECKING:
    from mmgen.explaining.explanation import Explanation, SlotShare

_SIDE_PX = 150
_GAP_PX = 16
_WIDTH_PX = _GAP_PX + _SIDE_PX + _GAP_PX + PARTS_PX + _GAP_PX
_BAR_PX = 12


def draw_explanation(explanation: "Explanation") -> np.ndarray:
    """Return uint8 (H, W, 3).

    First the picture, the picture of the same noise without conditions, and the difference; then
    for each slot its part of that difference, red where it made pixels brighter and blue where
    darker, all on one scale, with its share; beside it the slot's parts, the darker the more the
    picture changes without them, and below them, where that is known, the places that looked at
    each.
    """
    way = (explanation.image - explanation.baseline).double()
    largest = float(way.mean(dim=0).abs().max())
    blocks = [_draw_head(explanation, way, largest)]
    blocks += [_draw_slot(slot, largest, explanation.image) for slot in explanation.slots]
    height = sum(block.height for block in blocks) + _GAP_PX * (len(blocks) + 1)
    sheet = Image.new("RGB", (_WIDTH_PX, height), PAPER)
    top = _GAP_PX
    for block in blocks:
        sheet.paste(block, (_GAP_PX, top))
        top += block.height + _GAP_PX
    return np.array(sheet)


def _draw_head(explanation: "Explanation", way: Tensor, largest: float) -> Image.Image:
    pictures = [("picture", _picture(explanation.image))]
    if any(slot.contribution is not None for slot in explanation.slots):
        pictures.append(("without conditions", _picture(explanation.baseline)))
        pictures.append(("difference", _signed(way, largest)))
    height = LINE_PX + max(picture.height for _, picture in pictures)
    block = Image.new("RGB", (_WIDTH_PX - 2 * _GAP_PX, height), PAPER)
    pen = ImageDraw.Draw(block)
    for index, (name, picture) in enumerate(pictures):
        left = index * (_SIDE_PX + _GAP_PX)
        pen.text((left, 0), name, fill=INK, font=FONT)
        block.paste(picture, (left, LINE_PX))
    left = len(pictures) * (_SIDE_PX + _GAP_PX)
    for row, line in enumerate(_summary(explanation, len(pictures) > 1)):
        pen.text((left, LINE_PX * (row + 1)), line, fill=INK, font=FONT)
    return block


def _summary(explanation: "Explanation", moved: bool) -> list[str]:
    lines = [f"seed {explanation.recipe.get('seed')}"]
    if moved:
        lines.append(f"moved by {_of_255(explanation.change)} of 255")
        lines.append("red: brighter")
        lines.append("blue: darker")
    return lines


def _of_255(change: float) -> str:
    """Return a mean square as the root of it, in 8-bit values."""
    return f"{change**0.5 * 255:.3g}"


def _draw_slot(slot: "SlotShare", largest: float, image: Tensor) -> Image.Image:
    parts = _stacked(draw_parts(slot), draw_looks(slot, image))
    pictured = slot.contribution is not None
    below = _signed(slot.contribution, largest) if slot.contribution is not None else None
    left_height = 2 * LINE_PX + _BAR_PX + (below.height if below is not None else 0)
    height = max(left_height, LINE_PX + parts.height)
    block = Image.new("RGB", (_WIDTH_PX - 2 * _GAP_PX, height), PAPER)
    pen = ImageDraw.Draw(block)
    share = "" if slot.share is None else f": {slot.share:.0%} of the way"
    pen.text((0, 0), slot.slot + share, fill=INK, font=FONT)
    if slot.share is not None:
        _draw_share(pen, slot.share)
    if below is not None:
        block.paste(below, (0, LINE_PX + _BAR_PX + 6))
    left = _SIDE_PX + _GAP_PX
    if slot.parts:
        strongest = max(part.change for part in slot.parts)
        text = f"without one of its {slot.kind}: at most {_of_255(strongest)} of 255"
        pen.text((left, 0), text if slot.kind != "whole" else f"without it: {_of_255(strongest)} "
                 "of 255", fill=INK, font=FONT)  # fmt: skip
    elif not pictured:
        pen.text((left, 0), "in all of the pictures", fill=INK, font=FONT)
    block.paste(parts, (left, LINE_PX))
    return block


def _stacked(upper: Image.Image, lower: Image.Image | None) -> Image.Image:
    if lower is None:
        return upper
    block = Image.new("RGB", (PARTS_PX, upper.height + _GAP_PX // 2 + lower.height), PAPER)
    block.paste(upper, (0, 0))
    block.paste(lower, (0, upper.height + _GAP_PX // 2))
    return block


def _draw_share(pen: ImageDraw.ImageDraw, share: float) -> None:
    """Draw a bar of 0 to 100 %; red where the slot goes the way, blue where against it."""
    frame = (0, LINE_PX, _SIDE_PX - 1, LINE_PX + _BAR_PX)
    length = round(min(abs(share), 1) * (_SIDE_PX - 1))
    colour = signed_shades(np.array([np.sign(share)]))[0]
    if length:
        pen.rectangle((0, LINE_PX, length, LINE_PX + _BAR_PX), fill=tuple(colour.tolist()))
    pen.rectangle(frame, outline=(160, 160, 160))


def _picture(image: Tensor) -> Image.Image:
    return fit(convert_mode(to_pil(to_bytes(image[None].clone())[0]), 3))


def _signed(values: Tensor, largest: float) -> Image.Image:
    """Return values (C, H, W) as a picture, their mean over the channels."""
    plane = values.mean(dim=0).numpy() / (largest or 1.0)
    return fit(Image.fromarray(signed_shades(plane)))


def fit(picture: Image.Image, side: int = _SIDE_PX) -> Image.Image:
    """Return a picture as large as fits into a square; small ones with their pixels seen."""
    scale = side / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.NEAREST if scale > 1 else Image.Resampling.LANCZOS)
