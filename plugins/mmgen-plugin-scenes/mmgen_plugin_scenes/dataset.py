"""The data set `mnist-scenes`: captioned scenes, made of a digit set and a seed."""

import numpy as np

from mmgen.data import DataOptions, PictureData, load
from mmgen.errors import DataError
from mmgen_plugin_scenes.captions import write_caption
from mmgen_plugin_scenes.glyphs import make_glyphs
from mmgen_plugin_scenes.layout import Layout, draw_layout
from mmgen_plugin_scenes.pictures import ScenePictures
from mmgen_plugin_scenes.vocabulary import SIDE_PX

NAME = "mnist-scenes"
DEFAULT_BASE = "ylecun/mnist"
NUM_PICTURES = {"train": 60_000, "test": 10_000}


def load_scenes(split: str, options: DataOptions) -> PictureData:
    """Return N scenes with captions: pictures uint8 (N, 3, 64, 64), made when they are read.

    Scene i is a function of the digits, the seed, the split and i alone. Those of train are made
    of the train digits and show none of the withheld combinations; each of test is made of the
    test digits and shows one or more.

    Raises:
        DataError: the digits cannot be had or are none, or another size or other channels are
            asked for.
    """
    _check(options)
    base = load(options.base or DEFAULT_BASE, split, _base_options(options))
    glyphs = make_glyphs(base)
    count = options.made_pictures or NUM_PICTURES[split]
    layout = draw_layout(np.arange(count), options.made_seed, unseen=split == "test")
    return PictureData(
        images=ScenePictures(glyphs, layout),
        texts=write_captions(layout),
        name=NAME,
        split=split,
        found_problems=base.found_problems,
        notes=(
            *base.notes,
            f"{split}: {count:,} scenes of the {len(base):,} digits of {base.name} "
            f"(made_pictures={count}, made_seed={options.made_seed})",
        ),
    )


def write_captions(layout: Layout) -> list[str]:
    """Return the caption of each scene."""
    pairs = zip(layout.objects(), layout.wording.tolist(), strict=True)
    return [write_caption(objects, wording) for objects, wording in pairs]


def _check(options: DataOptions) -> None:
    if options.height_width not in (None, (SIDE_PX, SIDE_PX)) or options.channels not in (None, 3):
        raise DataError(
            f"{NAME} has pictures of {SIDE_PX}×{SIDE_PX} with 3 channels: leave out data.size and "
            "data.channels"
        )


def _base_options(options: DataOptions) -> DataOptions:
    """Return how the digits are read: all of the split, as they are stored, in grey."""
    return options.replace(
        base=None,
        made_pictures=None,
        made_seed=0,
        size=None,
        channels=1,
        held_out=0.0,
        train_on_valid=0.0,
    )
