"""The places of a picture that looked at a part of a condition, as pictures."""

from typing import TYPE_CHECKING

import torch.nn.functional as F
from PIL import Image, ImageDraw
from torch import Tensor

from mmgen.explaining.ink import FONT, INK, LINE_PX, PAPER, shorten
from mmgen.explaining.parts_drawing import PARTS_PX
from mmgen.media.decoding import convert_mode
from mmgen.media.pictures import to_bytes, to_pil

if TYPE_CHECKING:
    from mmgen.explaining.explanation import SlotShare

_SIDE_PX = 80
_GAP_PX = 8
_DARK = 0.2


def draw_looks(slot: "SlotShare", image: Tensor) -> Image.Image | None:
    """Return a row of pictures, one for each part: bright where it was looked at, dark elsewhere.

    Each on a scale of its own. None where nothing is known.

    Args:
        image: (C, H, W) in [0, 1].
    """
    parts = [(part.name, part.where) for part in slot.parts if part.where is not None]
    if not parts:
        return None
    columns = max(1, (PARTS_PX + _GAP_PX) // (_SIDE_PX + _GAP_PX))
    step = LINE_PX + _SIDE_PX + _GAP_PX
    rows = -(-len(parts) // columns)
    block = Image.new("RGB", (PARTS_PX, LINE_PX + rows * step - _GAP_PX), PAPER)
    pen = ImageDraw.Draw(block)
    pen.text((0, 0), "where each was looked at", fill=INK, font=FONT)
    for index, (name, where) in enumerate(parts):
        row, column = divmod(index, columns)
        left, top = column * (_SIDE_PX + _GAP_PX), LINE_PX + row * step
        pen.text((left, top), shorten(name, _SIDE_PX), fill=INK, font=FONT)
        block.paste(_lit(image, where), (left, top + LINE_PX))
    return block


def _lit(image: Tensor, where: Tensor) -> Image.Image:
    """Return the picture, darker the less a place was looked at."""
    low, high = float(where.min()), float(where.max())
    share = (where - low) / ((high - low) or 1.0)
    sides = image.shape[-2:]
    light = F.interpolate(share[None, None], sides, mode="bilinear", align_corners=False)[0]
    lit = image[:3] * (_DARK + (1 - _DARK) * light)
    picture = convert_mode(to_pil(to_bytes(lit[None].clone())[0]), 3)
    scale = _SIDE_PX / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.NEAREST if scale > 1 else Image.Resampling.LANCZOS)
