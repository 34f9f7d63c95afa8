"""The data set `gradients`."""

import numpy as np
import torch

from mmgen.data import DataOptions, PictureData
from mmgen.errors import DataError

COLOURS = {
    "red": (255, 0, 0),
    "green": (0, 128, 0),
    "blue": (0, 0, 255),
    "white": (255, 255, 255),
    "black": (0, 0, 0),
}
NUM_PICTURES = {"train": 2000, "test": 500}
_SIDE_PX = 8


def load_gradients(split: str, options: DataOptions) -> PictureData:
    """Return N pictures uint8 (N, 3, H, W), 8×8 px unless data.size says otherwise, with captions.

    Labels are the colour on the left, captions name both. Picture i depends on the split,
    data.made_seed and i alone.

    Raises:
        DataError: other channels than 3 are asked for.
    """
    if options.channels not in (None, 3):
        raise DataError("gradients has pictures with 3 channels: leave out data.channels")
    height, width = options.height_width or (_SIDE_PX, _SIDE_PX)
    count, names = options.made_pictures or NUM_PICTURES[split], list(COLOURS)
    pairs = np.empty((count, 2), np.int64)
    tilts = np.empty(count)
    for row in range(count):
        rng = np.random.default_rng([list(NUM_PICTURES).index(split), options.made_seed, row])
        pairs[row] = rng.permutation(len(names))[:2]
        tilts[row] = rng.uniform(-0.3, 0.3)
    across, down = np.linspace(0, 1, width), (np.arange(height)[:, None] + 0.5) / height - 0.5
    share = np.clip(across + tilts[:, None, None] * down, 0, 1)[:, None]
    left, right = np.array(list(COLOURS.values()))[pairs.T, :, None, None]
    pixels = np.rint(left * (1 - share) + right * share).astype(np.uint8)
    return PictureData(
        images=torch.from_numpy(pixels),
        labels=torch.from_numpy(pairs[:, 0].copy()),
        class_names=tuple(names),
        texts=[f"{names[left]} to {names[right]}" for left, right in pairs],
        name="gradients",
        split=split,
    )
