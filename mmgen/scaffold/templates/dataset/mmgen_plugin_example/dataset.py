"""The data set: which shapes there are, in what words, and how many."""

from dataclasses import dataclass

import numpy as np
import torch

from mmgen.data import DataOptions, PictureData
from mmgen.errors import DataError
from mmgen_plugin_example.painting import COLOURS, SHAPES, paint

NAME = "example"
SIDE_PX = 16
NUM_PICTURES = {"train": 4000, "test": 1000}


@dataclass(frozen=True)
class Drawing:
    """What is in a picture.

    Attributes:
        shape, colour: numbers of `SHAPES` and `COLOURS`.
        radius: in [0.25, 0.4], in sides of the picture.
        x, y: of the middle, so that all of it is inside.
    """

    shape: int
    colour: int
    radius: float
    x: float
    y: float

    @property
    def caption(self) -> str:
        """What is said of it, as "a red disc"."""
        return f"a {list(COLOURS)[self.colour]} {SHAPES[self.shape]}"


def load_pictures(split: str, options: DataOptions) -> PictureData:
    """Return N captioned pictures: uint8 (N, 3, H, W), 16×16 px unless data.size says otherwise.

    Labels are the shapes; captions name colour and shape. Picture i depends on the split,
    data.made_seed and i alone; data.made_pictures says how many there are.

    Raises:
        DataError: other channels than 3 are asked for.
    """
    if options.channels not in (None, 3):
        raise DataError(f"{NAME} has pictures with 3 channels: leave out data.channels")
    height, width = options.height_width or (SIDE_PX, SIDE_PX)
    count = options.made_pictures or NUM_PICTURES[split]
    drawings = [draw(split, options.made_seed, row) for row in range(count)]
    return PictureData(
        images=paint(drawings, height, width),
        labels=torch.tensor([drawing.shape for drawing in drawings]),
        class_names=SHAPES,
        texts=[drawing.caption for drawing in drawings],
        name=NAME,
        split=split,
    )


def draw(split: str, seed: int, row: int) -> Drawing:
    """Return what is in a picture, a function of these three alone."""
    rng = np.random.default_rng([list(NUM_PICTURES).index(split), seed, row])
    radius = rng.uniform(0.25, 0.4)
    x, y = rng.uniform(radius, 1 - radius, size=2)
    shape, colour = rng.integers(len(SHAPES)), rng.integers(len(COLOURS))
    return Drawing(int(shape), int(colour), float(radius), float(x), float(y))
