"""The real pictures that the figures are measured on, through mmgen's own data loading."""

from pathlib import Path

from torch import Tensor

from mmgen.data import DataOptions, load


def load_split(source: str | Path, split: str) -> tuple[Tensor, Tensor]:
    """A whole split: uint8 (N, C, H, W) and its labels int64 (N,).

    Nothing is held out of "train": no choice is made on held-out pictures here.
    """
    data = load(source, split, DataOptions(held_out=0.0))
    if not isinstance(data.images, Tensor) or data.labels is None:
        raise SystemExit(f"{source}: these figures need labelled pictures that fit in memory")
    return data.images, data.labels
