"""The parts of a condition's value, each with the value that is left without it.

Occlusion (Zeiler and Fergus 2014, section 4.2) of what people gave: words of a text, windows of a
sound, cells of a picture. It asks nothing of an encoder, so that it works for every one.
"""

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from mmgen.slots import Slot

WINDOWS = 24
_SHORTEST_WINDOW_S = 0.01
CELLS = 7
_QUIET = 0.01  # of the clip's root mean square: 40 dB less


_SIGN = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{_SIGN}]|[^\s{_SIGN}]+")


@dataclass(frozen=True)
class Occlusion:
    """A part, and the condition without it.

    Attributes:
        name: a word, or where the part is.
        span: start and end of a window in seconds; top, left, bottom and right of a cell in px;
            first and last character of a word.
        without: the contract value, one row, with the part left out; None where nothing is left.
    """

    name: str
    span: tuple[float, ...]
    without: Any | None


def split(slot: Slot, value: Any, *, optional: bool = True) -> tuple[str, list[Occlusion]]:
    """Return what the parts of one contract value are, and each of them.

    Args:
        value: a row of the tensor contract: a list of one text or clip, a tensor (1, …).
        optional: whether all of it can be left out, so that there is a part that is the whole.

    Returns:
        "words", "windows", "cells", or "whole" of what has no parts that are known.
    """
    row = value[0]
    if isinstance(row, str):
        return "words", _words(row)
    if isinstance(row, Tensor) and row.ndim == 1 and slot.sample_rate:
        return "windows", _windows(row, slot.sample_rate)
    if isinstance(row, Tensor) and row.ndim == 3 and slot.modality != "mask":
        return "cells", _cells(row)
    return "whole", [Occlusion(_name(slot, row), (), None)] if optional else []


def _name(slot: Slot, row: Any) -> str:
    return slot.classes[int(row)] if slot.classes else slot.name


def _words(text: str) -> list[Occlusion]:
    """Return the words as they are written, with what clings to them.

    Of scripts that put no spaces between words, Chinese and Japanese, each sign is one.
    """
    found = []
    for match in _WORD.finditer(text):
        start, end = match.span()
        left = (text[:start] + text[end:].lstrip()).strip()
        found.append(Occlusion(match.group(), (start, end), [left] if left else None))
    return found


def _windows(clip: Tensor, rate: int) -> list[Occlusion]:
    """Return windows, each faded until it is as quiet as the clip's quietest, or nearly silent.

    No clip that was recorded has true silence: the logarithm of it is far from all that an
    encoder has heard, and would move the picture more than any word that was said.
    """
    count = max(1, min(WINDOWS, int(len(clip) / (rate * _SHORTEST_WINDOW_S))))
    edges = [round(len(clip) * index / count) for index in range(count + 1)]
    levels = [float(clip[start:end].square().mean().sqrt()) for start, end in pairwise(edges)]
    floor = min(*levels, _QUIET * float(clip.square().mean().sqrt())) if count > 1 else 0.0
    found = []
    for index, gain in enumerate(window_gains(edges)):
        start, end = edges[index] / rate, edges[index + 1] / rate
        kept = floor / levels[index] if levels[index] else 1.0
        without = [clip * (1 - gain * (1 - kept))] if count > 1 else None
        found.append(Occlusion(f"{start:.2f} to {end:.2f} s", (start, end), without))
    return found


def window_gains(edges: list[int]) -> Tensor:
    """Return (K, samples) in [0, 1] that add up to 1: windows with soft edges.

    A hard edge would be a click, which is heard in all frequencies. At an edge one window gives
    way to the next over an eighth of a window.
    """
    place = torch.arange(edges[-1], dtype=torch.float64)
    fade = max(1.0, (edges[1] - edges[0]) / 8)
    rises = [torch.ones_like(place)]
    rises += [((place - edge) / fade + 0.5).clamp(0, 1) for edge in edges[1:-1]]
    rises.append(torch.zeros_like(place))
    return torch.stack([one - two for one, two in pairwise(rises)]).float()


def _cells(image: Tensor) -> list[Occlusion]:
    """Return cells that are painted in the picture's mean colour."""
    height, width = image.shape[-2:]
    rows, columns = min(CELLS, height), min(CELLS, width)
    mean = image.mean(dim=(-2, -1), keepdim=True)
    found = []
    for row in range(rows):
        top, bottom = row * height // rows, (row + 1) * height // rows
        for column in range(columns):
            left, right = column * width // columns, (column + 1) * width // columns
            without = image.clone()
            without[..., top:bottom, left:right] = mean
            name = f"row {row + 1}, column {column + 1}"
            found.append(Occlusion(name, (top, left, bottom, right), without[None]))
    return found
