"""The parts of a condition as a picture: words, windows of a sound, cells of a picture."""

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from mmgen.explaining.ink import FONT, FONT_PX, GREY, INK, LINE_PX, PAPER, ink_on, shade, shorten
from mmgen.media.decoding import convert_mode
from mmgen.media.pictures import to_bytes, to_pil

if TYPE_CHECKING:
    from mmgen.explaining.explanation import SlotShare

PARTS_PX = 520
_PADDING_PX = 5
_BARS_PX = 24
_WAVE_PX = 70
_CELLS_PX = 180


def draw_parts(slot: "SlotShare") -> Image.Image:
    """Return the parts of a slot, PARTS_PX wide, each shaded by its change.

    The scale is the slot's own: the part that changes the picture most is darkest.
    """
    if not slot.parts:
        return Image.new("RGB", (PARTS_PX, 1), PAPER)
    largest = max(part.change for part in slot.parts) or 1.0
    shares = [part.change / largest for part in slot.parts]
    draw = {"windows": _draw_windows, "cells": _draw_cells}.get(slot.kind, _draw_words)
    return draw(slot, shares)


def _draw_words(slot: "SlotShare", shares: list[float]) -> Image.Image:
    """Draw words in lines, the longer the bar under one the more it changes the picture."""
    places: list[tuple[int, int, str]] = []
    left, line = 0, 0
    for part in slot.parts:
        word = shorten(part.name, PARTS_PX - 2 * _PADDING_PX)
        width = round(FONT.getlength(word)) + 2 * _PADDING_PX
        if left and left + width > PARTS_PX:
            left, line = 0, line + 1
        places.append((left, line, word))
        left += width + _PADDING_PX
    step = FONT_PX + 2 * _PADDING_PX + _BARS_PX
    block = Image.new("RGB", (PARTS_PX, (line + 1) * step), PAPER)
    pen = ImageDraw.Draw(block)
    for (left, line, word), share in zip(places, shares, strict=True):
        top, width = line * step, round(FONT.getlength(word)) + 2 * _PADDING_PX
        foot = top + FONT_PX + 2 * _PADDING_PX - 2
        pen.rectangle((left, top, left + width - 1, foot), fill=shade(share), outline=GREY)
        pen.text((left + _PADDING_PX, top + 3), word, fill=ink_on(share), font=FONT)
        bar = round(share * (_BARS_PX - 8))
        if bar:
            pen.rectangle((left, foot + 2, left + width - 1, foot + 1 + bar), fill=shade(1))
    return block


def _draw_windows(slot: "SlotShare", shares: list[float]) -> Image.Image:
    """Draw a sound's waveform, its windows shaded, and a bar under each."""
    clip = slot.value[0].numpy()
    seconds = slot.parts[-1].span[1]
    height = _WAVE_PX + _BARS_PX + LINE_PX
    block = Image.new("RGB", (PARTS_PX, height), PAPER)
    pen = ImageDraw.Draw(block)
    for part, share in zip(slot.parts, shares, strict=True):
        left, right = (round(edge / seconds * PARTS_PX) for edge in part.span)
        pen.rectangle((left, 0, right - 1, _WAVE_PX - 1), fill=shade(share / 2))
        bar = round(share * (_BARS_PX - 4))
        if bar:
            pen.rectangle((left, _WAVE_PX + 2, right - 2, _WAVE_PX + 1 + bar), fill=shade(1))
    loudest = float(np.abs(clip).max()) or 1.0
    edges = np.linspace(0, len(clip), PARTS_PX + 1).astype(int)
    for x in range(PARTS_PX):
        samples = clip[edges[x] : max(edges[x + 1], edges[x] + 1)] / loudest
        if len(samples):
            low, high = ((1 - value) / 2 * (_WAVE_PX - 1) for value in
                         (samples.max(), samples.min()))  # fmt: skip
            pen.line((x, round(float(low)), x, round(float(high))), fill=(90, 90, 90))
    pen.text((0, height - LINE_PX), "0 s", fill=INK, font=FONT)
    pen.text((PARTS_PX, height - LINE_PX), f"{seconds:.2f} s", fill=INK, font=FONT, anchor="ra")
    return block


def _draw_cells(slot: "SlotShare", shares: list[float]) -> Image.Image:
    """Draw the picture that was given, and beside it its cells, shaded."""
    given = convert_mode(to_pil(to_bytes(slot.value.clone())[0]), 3)
    scale = _CELLS_PX / max(given.size)
    size = (max(1, round(given.width * scale)), max(1, round(given.height * scale)))
    block = Image.new("RGB", (PARTS_PX, size[1]), PAPER)
    block.paste(given.resize(size, Image.Resampling.NEAREST), (0, 0))
    pen = ImageDraw.Draw(block)
    offset = size[0] + 2 * _PADDING_PX
    for part, share in zip(slot.parts, shares, strict=True):
        top, left, bottom, right = (round(edge * scale) for edge in part.span)
        box = (offset + left, top, offset + right - 1, bottom - 1)
        pen.rectangle(box, fill=shade(share), outline=(225, 225, 225))
    return block
