"""Large pictures in tiles: cut, made one by one, and blended where they overlap.

A pixel near a tile's edge lacks part of what it depends on. So it counts for nothing there, and
more and more further in, where the neighbouring tile counts for less and less: what is blended
is right on both sides, and tiled equals untiled up to rounding.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import torch
from torch import Tensor

from mmgen.interfaces.condition import Condition
from mmgen.interfaces.noise import Noise

_RAMP_PX = 16
"""Over how many px one tile gives way to the next."""


@dataclass(frozen=True)
class Tile:
    """A part of a picture of (height, width): where it begins, and its own sides, in px."""

    picture: tuple[int, int]
    top: int
    left: int
    height: int
    width: int

    def cut(self, pixels: Tensor) -> Tensor:
        """Return this part of (…, H, W); pixels of another size are returned whole."""
        if tuple(pixels.shape[-2:]) != self.picture:
            return pixels
        rows = slice(self.top, self.top + self.height)
        return pixels[..., rows, self.left : self.left + self.width]


def plan_tiles(picture: tuple[int, int], side: int, margin: int, multiple_of: int) -> list[Tile]:
    """Return tiles that cover a picture, row by row.

    Args:
        picture: (height, width) in px, multiples of `multiple_of`.
        side: of a tile, about; tiles are at least so large that neighbours overlap by
            2 · margin + a ramp.
        margin: px at a tile's edge that are not right.
        multiple_of: all tiles begin and end at multiples of it.
    """
    overlap = _round_up(2 * margin + _RAMP_PX, multiple_of)
    side = max(_round_up(side, multiple_of), 2 * overlap)
    height, width = (min(side, length) for length in picture)
    tops = _starts(picture[0], side, overlap)
    lefts = _starts(picture[1], side, overlap)
    return [Tile(picture, top, left, height, width) for top in tops for left in lefts]


def _round_up(length: int, multiple_of: int) -> int:
    return -(-length // multiple_of) * multiple_of


def _starts(length: int, side: int, overlap: int) -> list[int]:
    if length <= side:
        return [0]
    return [*range(0, length - side, side - overlap), length - side]


def sample_in_tiles(
    sample: Callable[[Condition, Noise], Tensor],
    condition: Condition,
    rng: Noise,
    tiles: Sequence[Tile],
    *,
    margin: int,
    scale: int = 1,
) -> Tensor:
    """Make pictures (N, …, H · scale, W · scale) tile by tile.

    Args:
        sample: makes the pictures of one tile.
        condition: its spatial slots have the size of the whole picture, or are passed on whole.
        rng: noise of the whole picture; each tile gets its part.
        margin: px of the input at a tile's edge that are not right.
        scale: output px per input px.
    """
    height, width = (side * scale for side in tiles[0].picture)
    total: Tensor | None = None
    weights = torch.zeros(height, width)
    for tile in tiles:
        spatial = {name: tile.cut(pixels) for name, pixels in condition.spatial.items()}
        part = sample(replace(condition, spatial=spatial), TileNoise(rng, tile)).float()
        weight = _weight(tile, margin, scale)
        rows = slice(tile.top * scale, (tile.top + tile.height) * scale)
        columns = slice(tile.left * scale, (tile.left + tile.width) * scale)
        if total is None:
            total = part.new_zeros(*part.shape[:-2], height, width)
        total[..., rows, columns] += part * weight.to(part.device)
        weights[rows, columns] += weight
    assert total is not None
    return total / weights.to(total.device)


def _weight(tile: Tile, margin: int, scale: int) -> Tensor:
    """Return how much each pixel of a tile counts, (height · scale, width · scale)."""
    rows = _ramp(tile.top, tile.height, tile.picture[0], margin, scale)
    columns = _ramp(tile.left, tile.width, tile.picture[1], margin, scale)
    return rows[:, None] * columns


def _ramp(start: int, length: int, whole: int, margin: int, scale: int) -> Tensor:
    """Return weights along one side: 0 in the margin, rising to 1 over the ramp."""
    place = torch.arange(length * scale)
    rise = ((place - margin * scale + 1) / (_RAMP_PX * scale + 1)).clamp(0, 1)
    weight = torch.ones(length * scale)
    if start > 0:
        weight = torch.minimum(weight, rise)
    if start + length < whole:
        weight = torch.minimum(weight, rise.flip(0))
    return weight


class TileNoise:
    """A tile's part of a whole picture's noise.

    Noise of a tile's shape, or of that shape made larger or smaller, is cut from the picture's;
    any other (a latent vector) is the same for all tiles.
    """

    def __init__(self, rng: Noise, tile: Tile) -> None:
        self._rng = rng
        self._tile = tile

    def normal(self, shape: Sequence[int], *, stream: str = "", step: int = 0) -> Tensor:
        """Return standard normal numbers (N, *shape)."""
        return self._part(self._rng.normal, shape, stream, step)

    def uniform(self, shape: Sequence[int], *, stream: str = "", step: int = 0) -> Tensor:
        """Return numbers (N, *shape), uniform in the open interval (0, 1)."""
        return self._part(self._rng.uniform, shape, stream, step)

    def _part(
        self, draw: Callable[..., Tensor], shape: Sequence[int], stream: str, step: int
    ) -> Tensor:
        whole = self._whole(shape)
        if whole is None:
            return draw(shape, stream=stream, step=step)
        values = draw((*shape[:-2], whole.picture[0], whole.picture[1]), stream=stream, step=step)
        return whole.cut(values)

    def _whole(self, shape: Sequence[int]) -> Tile | None:
        """Return where maps of a shape lie in those of the picture; None where they do not."""
        tile = self._tile
        if len(shape) < 2 or tuple(shape[-2:]) == (1, 1):
            return None
        factor = Fraction(shape[-2], tile.height)
        if Fraction(shape[-1], tile.width) != factor:
            return None
        scaled = [factor * number for number in (*tile.picture, tile.top, tile.left)]
        if any(number.denominator != 1 for number in scaled):
            return None
        height, width, top, left = map(int, scaled)
        return Tile((height, width), top, left, shape[-2], shape[-1])
