"""One shape for all pictures of a set: found in their headers, or refused with the way out."""

from collections import Counter
from collections.abc import Iterable

from mmgen.data.decoding import BrokenPictureError, Header, read_header
from mmgen.data.options import DataOptions
from mmgen.data.records import EncodedPictures, Problem
from mmgen.data.threads import map_in_threads
from mmgen.errors import DataError

CHANNEL_WORDS = {1: "grey", 3: "RGB", 4: "RGBA"}


def read_headers(pictures: EncodedPictures) -> list[Header | Problem]:
    """Read the headers of all pictures, in threads."""

    def header(index: int) -> Header | Problem:
        try:
            return read_header(pictures.read(index))
        except (BrokenPictureError, OSError, KeyError) as error:
            return Problem(pictures.name(index), str(error))

    return map_in_threads(header, len(pictures))


def common_shape(
    headers: Iterable[Header], options: DataOptions, *, source: str
) -> tuple[int, int, int]:
    """Return the (channels, height, width) that options ask for, or that all pictures share.

    Raises:
        DataError: they do not share it; counts each size and says which option mends it.
    """
    headers = list(headers)
    sizes = Counter((header.height, header.width) for header in headers)
    channels = Counter(header.channels for header in headers)
    mixed_sizes = options.size is None and len(sizes) > 1
    mixed_channels = options.channels is None and len(channels) > 1
    if mixed_sizes or mixed_channels:
        found, ways_out = [], []
        if mixed_sizes:
            found.append(f"sizes {count_sizes(sizes)}")
            short_side = Counter(min(header.height, header.width) for header in headers)
            ways_out.append(f"size={short_side.most_common(1)[0][0]} (scaled, the middle cut out)")
        if mixed_channels:
            found.append(f"channels {count_channels(channels)}")
            ways_out.append(f"channels={max(3, min(channels))}")
        raise DataError(
            f"all pictures of a set have one size and one number of channels; {source} has "
            f"{' and '.join(found)}; set {' and '.join(ways_out)}"
        )
    height, width = options.height_width or next(iter(sizes))
    return options.channels or next(iter(channels)), height, width


def count_sizes(sizes: Counter[tuple[int, int]], most: int = 6) -> str:
    """Put (height, width) counts in words, the frequent first: "128×96 px (310), 64×64 px (2)"."""
    listed = {f"{width}×{height} px": count for (height, width), count in sizes.most_common(most)}
    rest = len(sizes) - len(listed)
    return _counts_in_words(listed) + (f" and {rest} more sizes" if rest else "")


def count_channels(channels: Counter[int]) -> str:
    """Put counts of channels in words: "RGB (300), grey (2)"."""
    return _counts_in_words({CHANNEL_WORDS[key]: n for key, n in channels.most_common()})


def _counts_in_words(counts: dict[str, int]) -> str:
    if len(counts) == 1:
        return next(iter(counts))
    return ", ".join(f"{word} ({count:,})" for word, count in counts.items())
