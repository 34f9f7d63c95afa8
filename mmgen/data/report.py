"""What `mmgen data check` found, in words and as JSON."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mmgen.data.records import Problem
from mmgen.data.shapes import CHANNEL_WORDS, count_channels, count_sizes

_MOST_NAMED = 5


@dataclass(frozen=True, kw_only=True)
class CaptionReport:
    """Captions of a split; lengths in words, of those that are not empty."""

    num_captions: int
    num_empty: int
    num_distinct: int
    shortest: int
    mean: float
    longest: int


@dataclass(frozen=True, kw_only=True)
class SoundReport:
    """Recordings of a split: how many have each rate (Hz), and their lengths in seconds."""

    num_sounds: int
    rates: Counter[int]
    shortest: float
    mean: float
    longest: float


@dataclass(frozen=True, kw_only=True)
class SplitReport:
    """One split.

    Attributes:
        num_pictures: sound ones; of a set without pictures, its recordings.
        sizes: how many have each (height, width).
        channels: how many have 1, 3 or 4.
        labels: pictures of each class, or None.
        duplicates: groups of names whose pixels are equal.
        broken: pictures that cannot be used.
    """

    name: str
    num_pictures: int
    sizes: Counter[tuple[int, int]]
    channels: Counter[int]
    labels: dict[str, int] | None = None
    captions: CaptionReport | None = None
    sounds: SoundReport | None = None
    duplicates: tuple[tuple[str, ...], ...] = ()
    broken: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def num_duplicates(self) -> int:
        """Pictures that would go if one of each group stayed."""
        return sum(len(group) - 1 for group in self.duplicates)

    @property
    def decoded_mb(self) -> float:
        """Memory of the decoded pictures at their own sizes, upper bound, in MB."""
        most_channels = max(self.channels, default=0)
        pixels = sum(height * width * count for (height, width), count in self.sizes.items())
        return pixels * most_channels / 1e6

    def to_text(self) -> str:
        """Return some lines for people."""
        lines = [
            f"{self.name}: {self._contents_in_words()}",
            f"  labels: {self._labels_in_words()}",
            f"  captions: {self._captions_in_words()}",
            f"  duplicates: {_name_some([' = '.join(group[:3]) for group in self.duplicates])}",
            f"  broken: {_name_some([str(problem) for problem in self.broken])}",
        ]
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {
            "name": self.name,
            "num_pictures": self.num_pictures,
            "sizes": [
                {"height": height, "width": width, "count": count}
                for (height, width), count in self.sizes.most_common()
            ],
            "channels": {CHANNEL_WORDS[key]: count for key, count in self.channels.most_common()},
            "decoded_mb": round(self.decoded_mb, 3),
            "labels": self.labels,
            "captions": None if self.captions is None else vars(self.captions),
            "sounds": None if self.sounds is None else vars(self.sounds),
            "duplicates": [list(group) for group in self.duplicates],
            "broken": [{"name": item.name, "reason": item.reason} for item in self.broken],
            "notes": list(self.notes),
        }

    def _contents_in_words(self) -> str:
        sounds = self.sounds
        if sounds is not None:
            rates = ", ".join(f"{rate:,} Hz" for rate, _ in sounds.rates.most_common())
            return (
                f"{sounds.num_sounds:,} sounds, {rates}; {sounds.shortest:.2f} to "
                f"{sounds.longest:.2f} s, mean {sounds.mean:.2f}"
            )
        kind = f"{count_sizes(self.sizes)}, {count_channels(self.channels)}"
        size = f"{kind}; {self.decoded_mb:,.1f} MB decoded" if self.num_pictures else "none sound"
        return f"{self.num_pictures:,} pictures, {size}"

    def _labels_in_words(self) -> str:
        if self.labels is None:
            return "none"
        listed = [f"{name} ({count:,})" for name, count in self.labels.items()]
        shown = ", ".join(listed[:20]) + (", …" if len(listed) > 20 else "")
        return f"{len(listed)} classes: {shown}"

    def _captions_in_words(self) -> str:
        captions = self.captions
        if captions is None:
            return "none"
        return (
            f"{captions.num_captions:,} ({captions.num_empty} empty, {captions.num_distinct:,} "
            f"distinct), {captions.shortest} to {captions.longest} words, mean {captions.mean:.1f}"
        )


@dataclass(frozen=True, kw_only=True)
class Leak:
    """Pictures that two splits share: pairs of names, one of each split."""

    splits: tuple[str, str]
    pairs: tuple[tuple[str, str], ...]

    def to_text(self) -> str:
        """Return a line for people."""
        first, second = self.splits
        return f"{first} and {second} share: " + _name_some([f"{a} = {b}" for a, b in self.pairs])


@dataclass(frozen=True, kw_only=True)
class DataReport:
    """A whole data set; `advice` says what to set, or mend, before one trains."""

    source: str
    name: str
    splits: tuple[SplitReport, ...]
    leaks: tuple[Leak, ...] = ()
    advice: tuple[str, ...] = field(default=())

    @property
    def num_broken(self) -> int:
        """Broken pictures in all splits."""
        return sum(len(split.broken) for split in self.splits)

    @property
    def sound(self) -> bool:
        """Whether nothing is broken and no picture lies in two splits."""
        return not self.num_broken and not self.leaks

    def to_text(self) -> str:
        """Return the report for people."""
        parts = [f"{self.name} ({self.source})", *(split.to_text() for split in self.splits)]
        if len(self.splits) > 1:
            shared = "\n  ".join(leak.to_text() for leak in self.leaks)
            parts.append(f"across splits: {shared or 'no picture lies in two'}")
        if self.advice:
            parts.append("\n".join(["advice:", *(f"  - {line}" for line in self.advice)]))
        return "\n".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON can hold it."""
        return {
            "source": self.source,
            "name": self.name,
            "sound": self.sound,
            "splits": [split.to_dict() for split in self.splits],
            "leaks": [
                {"splits": list(leak.splits), "pairs": [list(pair) for pair in leak.pairs]}
                for leak in self.leaks
            ],
            "advice": list(self.advice),
        }


def _name_some(names: Sequence[str]) -> str:
    if not names:
        return "none"
    shown = "; ".join(names[:_MOST_NAMED])
    rest = f"; and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
    return f"{len(names):,}: {shown}{rest}"
