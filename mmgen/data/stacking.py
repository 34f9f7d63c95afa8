"""Grey pictures put into the channels of one: StackedMNIST, of any labelled set."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import torch
from torch import Tensor

from mmgen.data.options import DataOptions
from mmgen.data.pictures import PictureData
from mmgen.data.splits import splitmix64
from mmgen.errors import DataError

_MB = 1_000_000
_MOST_CLASSES = 1_000_000


def stack(data: PictureData, options: DataOptions) -> PictureData:
    """Return the stacked set that the options ask for; the data itself where they ask for none.

    Raises:
        DataError: the data cannot be stacked, or the result is larger than the memory allows.
    """
    if options.stack == 1:
        return data
    count = options.stack_pictures or len(data)
    num_bytes = count * options.stack * int(np.prod(data.images.shape[2:]))
    if num_bytes > options.in_memory_limit_mb * _MB:
        raise DataError(
            f"stacked pictures are made in memory: {count:,} of them need {num_bytes / _MB:,.0f} "
            f"MB, in_memory_limit_mb is {options.in_memory_limit_mb:,}; raise it, or lower "
            "stack_pictures"
        )
    return stack_pictures(data, options.stack, count, options.stack_seed)


def stack_pictures(data: PictureData, channels: int, count: int, seed: int) -> PictureData:
    """Return pictures whose every channel is a picture of a grey, labelled set.

    With ten digits and three channels it is StackedMNIST: Metz et al. 2017 (unrolled GANs),
    Srivastava et al. 2017 (VEEGAN). The grey pictures are drawn independently, with replacement.
    Picture i depends on the set, the seed and i alone, for ever: the draw is a fixed integer
    hash, not a library's random generator. Captions, sounds and what plugins read are left behind.

    Args:
        data: N pictures (1, H, W) of K classes.
        channels: C.
        count: how many pictures to make, M >= 1.
    Returns:
        uint8 (M, C, H, W) and labels int64 (M,) of K^C classes: 100a + 10b + c, with the name
        "a b c", for the digits a, b and c.
    Raises:
        DataError: there are no labels, the pictures are not grey, or not in memory.
    """
    if data.labels is None or data.class_names is None:
        raise DataError(f"stack needs a label for every picture; {data.name} has none")
    if data.images.shape[1] != 1 or data.given is not None:
        what = "pairs" if data.given is not None else f"{data.images.shape[1]} channels"
        raise DataError(
            f"stack puts grey pictures into channels; {data.name} has {what}: set channels=1"
        )
    if not isinstance(data.images, Tensor):
        raise DataError(
            f"stack needs the pictures in memory; {data.name} is too large: raise "
            "in_memory_limit_mb, or set a smaller size"
        )
    names = stacked_names(data.class_names, channels)
    rows = draw_rows(len(data), count * channels, seed).to(data.images.device)
    _, _, height, width = data.images.shape
    digits = data.labels.to(rows.device)[rows].view(count, channels)
    return replace(
        data,
        images=data.images.index_select(0, rows).view(count, channels, height, width),
        labels=join_labels(digits, len(data.class_names)),
        class_names=names,
        texts=None,
        clips=None,
        sample_rate=None,
        others={},
        digests=None,
        name=f"stacked-{data.name}",
        notes=(
            *data.notes,
            f"{data.split}: {count:,} pictures, {channels} of the {len(data):,} of {data.name} in "
            f"each (stack={channels}, stack_seed={seed})",
        ),
    )


def stacked_names(names: Sequence[str], channels: int) -> tuple[str, ...]:
    """Return the names of K^C classes in the order of their numbers: "0 0 0", "0 0 1", …

    Raises:
        DataError: there would be more than a million.
    """
    if len(names) ** channels > _MOST_CLASSES:
        raise DataError(
            f"{len(names)} classes in {channels} channels would make {len(names) ** channels:,} "
            f"classes; stack is for at most {_MOST_CLASSES:,}"
        )
    return tuple(" ".join(parts) for parts in product(names, repeat=channels))


def join_labels(labels: Tensor, num_classes: int) -> Tensor:
    """Return one number, int64 (N,), for the classes (N, C) of the channels, the first highest."""
    channels = labels.shape[1]
    weights = [num_classes**power for power in range(channels - 1, -1, -1)]
    return (labels * torch.tensor(weights, device=labels.device)).sum(dim=1)


def split_labels(labels: Tensor, num_classes: int, channels: int) -> Tensor:
    """Return the classes of the channels, int64 (N, C), of joined labels (N,)."""
    powers = [num_classes**power for power in range(channels - 1, -1, -1)]
    return torch.stack([labels // power % num_classes for power in powers], dim=1)


def draw_rows(num_rows: int, count: int, seed: int) -> Tensor:
    """Return int64 (count,), each uniform in 0 … num_rows - 1; the first ones are always the same.

    The remainder favours low rows by num_rows / 2^64, which nothing can see.
    """
    hashed = splitmix64(np.arange(count, dtype=np.uint64), seed)
    return torch.from_numpy((hashed % np.uint64(num_rows)).astype(np.int64))
