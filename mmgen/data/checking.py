"""Look at every picture, and hear every sound, of a data set before one trains on it."""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mmgen.data.advice import advise
from mmgen.data.choices import every_value
from mmgen.data.decoding import BrokenPictureError, decode
from mmgen.data.fitting import to_array
from mmgen.data.lazy import LazyPictures, PicturesOnRead
from mmgen.data.options import DataOptions
from mmgen.data.pictures import PictureData
from mmgen.data.records import EncodedPictures, Problem, Records
from mmgen.data.registered import load_registered, registered_source
from mmgen.data.report import CaptionReport, DataReport, Leak, SoundReport, SplitReport
from mmgen.data.sources import open_source
from mmgen.data.threads import Progress, map_in_threads
from mmgen.errors import InputError
from mmgen.media.sound import decode_mono

_DEFAULTS = DataOptions()
_AT_ONCE = 1024


@dataclass(frozen=True, slots=True)
class _Seen:
    """What came through: its row, and a hash of its pixels or samples.

    Attributes:
        shape: of a picture, (C, H, W).
        length: of a sound, in seconds.
        rate: of a sound, in Hz.
    """

    row: int
    content: bytes
    shape: tuple[int, int, int] = (0, 0, 0)
    length: float = 0.0
    rate: int = 0


def check(
    source: str | Path,
    options: DataOptions = _DEFAULTS,
    *,
    progress: Progress | None = None,
) -> DataReport:
    """Decode every picture as it is stored and report on all splits.

    Args:
        options: those that say where things are: columns, image_shape, class_names.
        progress: called for each split with (pictures seen, pictures).
    Raises:
        DataError: no such source, no pictures in it, or labels that are none.
        InputError: captions or sounds are asked for that are made of the labels, and not stored.
    """
    _check_stored(options)
    name, records_by_split = _read_all(source, options)
    reports, seen_by_split = [], {}
    for split, records in records_by_split.items():
        seen, broken = _look_at(records, progress)
        seen_by_split[split] = {item.content: _name(records, item.row) for item in seen}
        reports.append(_report(split, records, seen, broken))
    splits = tuple(reports)
    leaks = tuple(_leaks(seen_by_split))
    return DataReport(
        source=str(source),
        name=name,
        splits=splits,
        leaks=leaks,
        advice=tuple(advise(splits, leaks, options)),
    )


def _check_stored(options: DataOptions) -> None:
    for name, what in (("captions", "captions of labels"), ("sounds", "pictures' sounds")):
        value = getattr(options, name)
        if value is not None:
            folder = f": mmgen data check {value}" if name == "sounds" else ""
            raise InputError(
                f"a check looks at what is stored; data.{name} chooses {what} while the data are "
                f"loaded: leave it out, and check what it names by itself{folder}"
            )


def _read_all(source: str | Path, options: DataOptions) -> tuple[str, dict[str, Records]]:
    registered = registered_source(source)
    if registered is not None:
        loaded = {split: load_registered(registered, split, options) for split in registered.splits}
        return registered.name, {split: _as_records(data) for split, data in loaded.items()}
    opened = open_source(source)
    return opened.name, {split: opened.read(split, options) for split in opened.splits}


def _as_records(data: PictureData) -> Records:
    return Records(
        pictures=_stored(data.images),
        labels=data.labels,
        class_names=data.class_names,
        texts=data.texts,
        problems=data.problems,
        notes=data.notes,
    )


def _stored(images: Tensor | PicturesOnRead) -> Tensor | EncodedPictures:
    """Return pictures as they are stored; those that are made when read, made."""
    if isinstance(images, Tensor):
        return images
    if isinstance(images, LazyPictures):
        return images.encoded
    return torch.cat([images[rows] for rows in torch.arange(len(images)).split(_AT_ONCE)])


def _look_at(records: Records, progress: Progress | None) -> tuple[list[_Seen], list[Problem]]:
    pictures = records.pictures
    if isinstance(pictures, Tensor) and not pictures.shape[1] and records.sounds is not None:
        sounds = records.sounds
        return _sort(records, lambda row: _listen_to(sounds, row), progress)
    if isinstance(pictures, Tensor):
        return _look_at_array(pictures, progress), list(records.problems)
    return _sort(records, lambda row: _look_at_one(pictures, row), progress)


def _sort(
    records: Records, look: Callable[[int], _Seen | Problem], progress: Progress | None
) -> tuple[list[_Seen], list[Problem]]:
    results = map_in_threads(look, len(records), progress=progress)
    broken = [item for item in results if isinstance(item, Problem)]
    return [item for item in results if isinstance(item, _Seen)], [*records.problems, *broken]


def _look_at_array(pictures: Tensor, progress: Progress | None) -> list[_Seen]:
    array = pictures.numpy()
    shape = (array.shape[1], array.shape[2], array.shape[3])

    def look(row: int) -> _Seen:
        return _Seen(row, _hash(array[row]), shape)

    return map_in_threads(look, len(array), chunk=1024, progress=progress)


def _look_at_one(pictures: EncodedPictures, row: int) -> _Seen | Problem:
    try:
        pixels = to_array(decode(pictures.read(row)))
    except (BrokenPictureError, OSError, KeyError) as error:
        return Problem(pictures.name(row), str(error))
    return _Seen(row, _hash(pixels), (pixels.shape[0], pixels.shape[1], pixels.shape[2]))


def _listen_to(sounds: EncodedPictures, row: int) -> _Seen | Problem:
    try:
        samples, rate = decode_mono(sounds.read(row))
    except (InputError, OSError, KeyError) as error:
        return Problem(sounds.name(row), str(error))
    return _Seen(row, _hash(samples), length=len(samples) / rate, rate=rate)


def _hash(pixels: np.ndarray) -> bytes:
    shape = np.array(pixels.shape, np.int64).tobytes()
    return hashlib.blake2b(shape + pixels.tobytes(), digest_size=16).digest()


def _name(records: Records, row: int) -> str:
    pictures = records.pictures
    if not isinstance(pictures, Tensor):
        return pictures.name(row)
    return f"row {row + 1}" if records.sounds is None else records.sounds.name(row)


def _report(
    split: str, records: Records, seen: Sequence[_Seen], broken: Sequence[Problem]
) -> SplitReport:
    rows_by_pixels: dict[bytes, list[int]] = {}
    for item in seen:
        rows_by_pixels.setdefault(item.content, []).append(item.row)
    groups = [rows for rows in rows_by_pixels.values() if len(rows) > 1]
    return SplitReport(
        name=split,
        num_pictures=len(seen),
        sizes=Counter((item.shape[1], item.shape[2]) for item in seen if not item.rate),
        channels=Counter(item.shape[0] for item in seen if not item.rate),
        sounds=_count_sounds(seen),
        labels=_count_labels(records),
        captions=None if records.texts is None else _count_captions(every_value(records.texts)),
        duplicates=tuple(tuple(_name(records, row) for row in rows) for rows in groups),
        broken=tuple(broken),
        notes=records.notes,
    )


def _count_sounds(seen: Sequence[_Seen]) -> SoundReport | None:
    lengths = [item.length for item in seen if item.rate]
    if not lengths:
        return None
    return SoundReport(
        num_sounds=len(lengths),
        rates=Counter(item.rate for item in seen),
        shortest=min(lengths),
        mean=sum(lengths) / len(lengths),
        longest=max(lengths),
    )


def _count_labels(records: Records) -> dict[str, int] | None:
    if records.labels is None or records.class_names is None:
        return None
    counts = torch.bincount(records.labels, minlength=len(records.class_names)).tolist()
    return dict(zip(records.class_names, counts, strict=True))


def _count_captions(texts: Sequence[str]) -> CaptionReport:
    lengths = [len(text.split()) for text in texts if text.strip()]
    return CaptionReport(
        num_captions=len(texts),
        num_empty=len(texts) - len(lengths),
        num_distinct=len(set(texts)),
        shortest=min(lengths, default=0),
        mean=sum(lengths) / max(1, len(lengths)),
        longest=max(lengths, default=0),
    )


def _leaks(seen_by_split: dict[str, dict[bytes, str]]) -> list[Leak]:
    leaks = []
    for first, second in combinations(seen_by_split, 2):
        ours, theirs = seen_by_split[first], seen_by_split[second]
        pairs = tuple((ours[key], theirs[key]) for key in theirs if key in ours)
        if pairs:
            leaks.append(Leak(splits=(first, second), pairs=pairs))
    return leaks
