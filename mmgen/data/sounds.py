"""Sounds of a data set: read once, at one rate, and paired with pictures of the same class."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from mmgen.data.choices import Choices, every_value
from mmgen.data.options import DataOptions
from mmgen.data.pictures import PictureData
from mmgen.data.records import EncodedPictures, Problem
from mmgen.data.threads import map_in_threads
from mmgen.errors import DataError, InputError
from mmgen.media.sound import decode_mono, resample

_MB = 1_000_000


@dataclass(frozen=True)
class Heard:
    """Sounds that came through, the rows they are of, and those that did not.

    Attributes:
        clips: float32 (samples,) each.
        sample_rate: of all, in Hz.
        rows: int64 (M,).
    """

    clips: list[Tensor]
    sample_rate: int
    rows: np.ndarray
    problems: tuple[Problem, ...] = ()


def hear(sounds: EncodedPictures, options: DataOptions, *, name: str) -> Heard:
    """Decode sounds; of one channel and one rate.

    Raises:
        DataError: they have several rates and none is asked for, or are too large for the memory.
        NotInstalledError: the libraries that read sound are missing.
    """
    asked = options.sample_rate

    def listen(row: int) -> tuple[np.ndarray, int] | Problem:
        try:
            samples, rate = decode_mono(sounds.read(row))
            return (samples, rate) if asked is None else (resample(samples, rate, asked), asked)
        except (InputError, OSError, KeyError) as error:
            return Problem(sounds.name(row), str(error))

    results = map_in_threads(listen, len(sounds))
    heard = [item for item in results if not isinstance(item, Problem)]
    rates = sorted({rate for _, rate in heard})
    if len(rates) > 1:
        raise DataError(
            f"the sounds of {name} have {' and '.join(f'{rate:,}' for rate in rates)} samples a "
            "second; say to which they are to be brought: set sample_rate"
        )
    num_bytes = sum(samples.nbytes for samples, _ in heard)
    if num_bytes > options.in_memory_limit_mb * _MB:
        raise DataError(
            f"sounds are kept in memory: those of {name} need {num_bytes / _MB:,.0f} MB, "
            f"in_memory_limit_mb is {options.in_memory_limit_mb:,}; raise it, or lower sample_rate"
        )
    return Heard(
        [torch.from_numpy(samples) for samples, _ in heard],
        rates[0] if rates else asked or 1,
        np.flatnonzero([not isinstance(item, Problem) for item in results]),
        tuple(item for item in results if isinstance(item, Problem)),
    )


def pair_with_sounds(data: PictureData, sounds: PictureData) -> PictureData:
    """Return pictures with the sounds of their classes, one of which is drawn for each batch.

    Raises:
        DataError: one of the two has no labels, the other no sounds, or a class has no sound.
    """
    for part, what in ((data, "picture"), (sounds, "sound")):
        if part.labels is None or part.class_names is None:
            raise DataError(f"sounds go with pictures of their class; no {what} of {part.name} "
                            "has a label")  # fmt: skip
    if sounds.clips is None:
        raise DataError(f"{sounds.name} has no sounds; give a folder of recordings")
    assert data.labels is not None
    assert data.class_names is not None
    matched = sounds.with_labels(data.class_names)
    assert matched.labels is not None
    clips = every_value(sounds.clips)
    groups = data.labels.cpu().numpy()
    of_clips = matched.labels.cpu().numpy()
    silent = np.setdiff1d(groups, of_clips)
    if len(silent):
        raise DataError(
            f"every class of {data.name} needs a sound; {sounds.name} has none for "
            f"{data.class_names[silent[0]]!r} in {sounds.split}"
        )
    note = (
        f"{data.split}: each picture has one of the sounds of its class, of the {len(clips):,} of "
        f"{sounds.name}"
    )
    return replace(
        data,
        clips=Choices.of_groups(clips, of_clips, groups),
        sample_rate=sounds.sample_rate,
        notes=(*data.notes, *sounds.notes, note),
    )
