"""How shapes are painted: by the distance of each pixel from the edge."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from mmgen_plugin_example.dataset import Drawing

SHAPES = ("disc", "square", "diamond", "ring")
COLOURS = {
    "red": (220, 50, 47),
    "green": (60, 160, 70),
    "blue": (40, 100, 210),
    "yellow": (240, 200, 40),
}
_PAPER = (245, 245, 240)


def paint(drawings: "Sequence[Drawing]", height: int, width: int) -> Tensor:
    """Return the pictures, uint8 (N, 3, height, width), their edges smooth."""
    numbers = [(item.x, item.y, item.radius) for item in drawings]
    x, y, radius = torch.tensor(numbers, dtype=torch.float64)[..., None, None].unbind(dim=1)
    across = (torch.arange(width) + 0.5) / width - x
    down = (torch.arange(height)[:, None] + 0.5) / height - y
    shapes = torch.tensor([item.shape for item in drawings])[:, None, None]
    inside = torch.zeros(len(drawings), height, width, dtype=torch.float64)
    for number in range(len(SHAPES)):
        distance = outside(SHAPES[number], across, down, radius)
        cover = (0.5 - distance * min(height, width)).clamp(0, 1)  # of the pixel
        inside = torch.where(shapes == number, cover, inside)
    ink = torch.tensor([list(COLOURS.values())[item.colour] for item in drawings])
    paper = torch.tensor(_PAPER)
    share = inside[:, None]
    blended = paper[:, None, None] * (1 - share) + ink[:, :, None, None] * share
    return blended.round().to(torch.uint8)


def outside(shape: str, across: Tensor, down: Tensor, radius: Tensor) -> Tensor:
    """Return how far places are outside of a shape around the origin; negative inside."""
    from_middle = (across.square() + down.square()).sqrt()
    if shape == "disc":
        return from_middle - radius
    if shape == "ring":
        return (from_middle - 0.7 * radius).abs() - 0.3 * radius
    across, down = across.abs(), down.abs()
    if shape == "square":
        return torch.maximum(across.expand_as(from_middle), down) - 0.8 * radius
    return (across + down - radius) / 2**0.5
