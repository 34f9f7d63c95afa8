"""From the records of a split to PictureData: one shape, decoded once, or lazily when large."""

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from mmgen.data.columns import read_others
from mmgen.data.decoding import BrokenPictureError, Header
from mmgen.data.fitting import Fit, to_picture
from mmgen.data.lazy import LazyPictures
from mmgen.data.options import DataOptions
from mmgen.data.pictures import PictureData
from mmgen.data.records import EncodedPictures, Problem, Records
from mmgen.data.shapes import common_shape, read_headers
from mmgen.data.sounds import Heard, hear
from mmgen.data.threads import Progress, map_in_threads
from mmgen.errors import DataError
from mmgen.media.pictures import convert_mode
from mmgen.slots import Size

_MB = 1_000_000


@dataclass(frozen=True)
class _Decoded:
    """Pictures that came through, the rows they are of, and those that did not."""

    images: Tensor | LazyPictures
    rows: np.ndarray
    problems: tuple[Problem, ...] = ()
    digests: np.ndarray | None = None


def assemble(
    records: Records,
    options: DataOptions,
    *,
    name: str,
    split: str,
    progress: Progress | None = None,
) -> PictureData:
    """Decode the pictures of a split.

    Raises:
        DataError: unequal sizes that no option mends; broken pictures under on_broken="stop";
            no sound picture.
    """
    decoded = _decode_any(records.pictures, options, name, progress)
    given = None
    if records.given is not None:
        # A picture whose partner is broken can be seen here, and not when it is learned from.
        strict = options.replace(on_broken="stop")
        given = _decode_any(records.given, strict, f"{name} (what goes in)", progress)
        decoded, given = _in_step(decoded, given)
    heard = None
    if records.sounds is not None:
        heard = hear(records.sounds, options, name=name)
        rows = np.intersect1d(decoded.rows, heard.rows)
        decoded, given = _only(decoded, rows), None if given is None else _only(given, rows)
    problems = (
        *records.problems,
        *decoded.problems,
        *(given.problems if given else ()),
        *(heard.problems if heard else ()),
    )
    if problems and options.on_broken == "stop":
        raise DataError(
            f"{_in_words(problems, len(records))}; mend or remove them, or leave them out with "
            "on_broken=skip"
        )
    if not len(decoded.rows):
        raise DataError(
            f"the split {split!r} of {name} has nothing that can be decoded"
            + (f": {_in_words(problems, len(records))}" if problems else "")
        )
    records = records.select(decoded.rows) if len(decoded.rows) < len(records) else records
    _, channels, height, width = decoded.images.shape
    others, left_out = read_others(
        records.others, Size(channels=channels, height=height, width=width)
    )
    return PictureData(
        images=decoded.images,
        labels=records.labels,
        class_names=records.class_names,
        texts=records.texts,
        clips=None if heard is None else _clips_of(heard, decoded.rows),
        sample_rate=None if heard is None else heard.sample_rate,
        name=name,
        split=split,
        found_problems=problems,
        notes=(*records.notes, *left_out),
        others=others,
        given=None if given is None else given.images,
        digests=decoded.digests if given is None or given.digests is None else None,
    )


def _decode_any(
    pictures: EncodedPictures | Tensor, options: DataOptions, name: str, progress: Progress | None
) -> _Decoded:
    if isinstance(pictures, Tensor):
        images = _fit_array(pictures, options)
        return _Decoded(images, np.arange(len(images)))
    return _decode(pictures, options, name, progress)


def _in_step(decoded: _Decoded, given: _Decoded) -> tuple[_Decoded, _Decoded]:
    """Return both with the rows alone that came through in both."""
    rows = np.intersect1d(decoded.rows, given.rows)
    return _only(decoded, rows), _only(given, rows)


def _clips_of(heard: Heard, rows: np.ndarray) -> list[Tensor]:
    return [heard.clips[place] for place in np.searchsorted(heard.rows, rows).tolist()]


def _only(decoded: _Decoded, rows: np.ndarray) -> _Decoded:
    if len(rows) == len(decoded.rows):
        return decoded
    places = np.searchsorted(decoded.rows, rows)
    images = decoded.images
    return replace(
        decoded,
        images=images[torch.from_numpy(places)]
        if isinstance(images, Tensor)
        else images.select(places),
        rows=rows,
        digests=None if decoded.digests is None else decoded.digests[places],
    )


def _fit_array(pictures: Tensor, options: DataOptions) -> Tensor:
    num_pictures, channels, height, width = pictures.shape
    if not channels:  # a source without pictures
        return pictures
    wanted = (options.channels or channels, *(options.height_width or (height, width)))
    if wanted == (channels, height, width):
        return pictures
    fit = Fit.of(wanted, options)
    fitted = np.empty((num_pictures, *wanted), np.uint8)

    def work(row: int) -> None:
        picture = to_picture(pictures[row].numpy())
        fitted[row] = fit.apply(convert_mode(picture, fit.channels))

    map_in_threads(work, num_pictures)
    return torch.from_numpy(fitted)


def _decode(
    pictures: EncodedPictures, options: DataOptions, name: str, progress: Progress | None
) -> _Decoded:
    rows = np.arange(len(pictures))
    problems: tuple[Problem, ...] = ()
    if options.size is not None and options.channels is not None:
        shape = (options.channels, *(options.height_width or ()))
    else:
        headers = read_headers(pictures)
        rows = np.array([row for row, item in enumerate(headers) if isinstance(item, Header)], int)
        problems = tuple(item for item in headers if isinstance(item, Problem))
        if not len(rows):
            return _Decoded(torch.empty(0), rows, problems)
        sound = (item for item in headers if isinstance(item, Header))
        shape = common_shape(sound, options, source=name)
    fit = Fit.of(shape, options)
    if len(rows) * math.prod(shape) > options.in_memory_limit_mb * _MB:
        every = LazyPictures(pictures, fit, on_broken=options.on_broken)
        return _Decoded(every.select(rows) if len(rows) < len(pictures) else every, rows, problems)
    decoded = _decode_all(pictures, rows, fit, progress)
    return _Decoded(decoded.images, decoded.rows, (*problems, *decoded.problems), decoded.digests)


def _decode_all(
    pictures: EncodedPictures, rows: np.ndarray, fit: Fit, progress: Progress | None
) -> _Decoded:
    pixels = np.empty((len(rows), *fit.shape), np.uint8)
    digests = np.empty((len(rows), 32), np.uint8)

    def work(position: int) -> Problem | None:
        row = int(rows[position])
        try:
            data = pictures.read(row)
            pixels[position] = fit.decode(data)
        except (BrokenPictureError, OSError, KeyError) as error:
            return Problem(pictures.name(row), str(error))
        digests[position] = np.frombuffer(fit.digest(data), np.uint8)
        return None

    results = map_in_threads(work, len(rows), progress=progress)
    problems = tuple(item for item in results if item is not None)
    if problems:
        sound = np.array([item is None for item in results])
        pixels, digests, rows = pixels[sound], digests[sound], rows[sound]
    return _Decoded(torch.from_numpy(pixels), rows, problems, digests)


def _in_words(problems: tuple[Problem, ...], num_pictures: int, most: int = 3) -> str:
    named = "; ".join(map(str, problems[:most]))
    rest = f"; and {len(problems) - most} more" if len(problems) > most else ""
    return f"{len(problems)} of {num_pictures} pictures cannot be used: {named}{rest}"
