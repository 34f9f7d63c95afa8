"""Pictures with their labels, captions and sounds, ready to learn from."""

import json
import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmgen.data.choices import Choices, Column, every_value, join_columns, select_rows, take_values
from mmgen.data.fingerprint import digest, digest_choices, digest_column, digest_pictures
from mmgen.data.lazy import PicturesOnRead
from mmgen.data.records import Problem
from mmgen.data.splits import held_out_rows, other_rows
from mmgen.errors import DataError, did_you_mean
from mmgen.slots import REFERENCE

Batch = dict[str, Any]
COLUMNS = ("label", "text", "audio", "image")


@dataclass(frozen=True, kw_only=True)
class PictureData:
    """One split of a data set.

    Attributes:
        images: uint8 (N, C, H, W); a tensor, or, of a set too large for the memory, an object
            with the same `shape`, `len` and `[indices]` that decodes, or makes, what is read.
            (N, 0, 0, 0) where the rows have no pictures, as in a folder of recordings.
        labels: int64 (N,), or None.
        class_names: one for every class; None without labels.
        texts: N captions ("" where one is missing), or several for each to choose from; or None.
        clips: N sounds, float32 (samples,) in [-1, 1] of one channel, or several for each; or None.
        sample_rate: of the clips, in Hz.
        name, split: the source's name and the split, for messages and reports.
        found_problems: broken pictures that were left out while loading.
        notes: what the user should know about how the set was read.
        given: for pairs, what each picture is to be made from, as `images` is; else None.
        has_references: whether batches show, as "reference", what goes in of pairs, and otherwise
            the pictures themselves, for an encoder of pictures to look at.
        others: of kinds of input that plugins bring, by their names: a tensor (N, …), or N values,
            each as the kind's reader has it.
        digests: sha256 of each picture's file, uint8 (N, 32), where there were files; else None.
        reader: loads another split of the source by its name; None where there is no source.
    """

    images: Tensor | PicturesOnRead
    labels: Tensor | None = None
    class_names: tuple[str, ...] | None = None
    texts: Column | None = None
    clips: Column | None = None
    sample_rate: int | None = None
    name: str = "data"
    split: str = "train"
    found_problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    given: Tensor | PicturesOnRead | None = None
    has_references: bool = False
    others: Mapping[str, Tensor | Sequence[Any]] = field(default_factory=dict)
    digests: np.ndarray | None = field(default=None, repr=False)
    reader: Callable[[str], "PictureData"] | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        columns = {
            "labels": self.labels,
            "texts": self.texts,
            "clips": self.clips,
            "given pictures": self.given,
            **self.others,
        }
        for name, column in columns.items():
            if column is not None and len(column) != len(self.images):
                raise DataError(
                    f"there is one of {name} for every picture; {self.name} has "
                    f"{len(self.images)} pictures and {len(column)} {name}"
                )
        if (self.clips is None) != (self.sample_rate is None):
            raise DataError(f"clips and their sample_rate come together; {self.name} has one alone")

    def __len__(self) -> int:
        return len(self.images)

    @property
    def in_memory(self) -> bool:
        """Whether all pictures are decoded and in the memory."""
        return isinstance(self.images, Tensor)

    @property
    def columns(self) -> tuple[str, ...]:
        """What a batch can have besides its target: "label", "text", "audio", "image", others."""
        held = (self.labels, self.texts, self.clips, self.given)
        own = [name for name, item in zip(COLUMNS, held, strict=True) if item is not None]
        return (*own, *([REFERENCE] if self.has_references else []), *sorted(self.others))

    @property
    def references(self) -> Tensor | PicturesOnRead | None:
        """What an encoder of pictures is shown: what goes in of pairs, else the pictures."""
        if self.given is not None:
            return self.given
        return self.images if self.has_pictures else None

    @property
    def has_pictures(self) -> bool:
        """Whether there is a picture in each row."""
        return bool(math.prod(self.images.shape[1:]))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Broken pictures: those left out while loading, and those met since (lazy sets)."""
        later = () if isinstance(self.images, Tensor) else self.images.problems
        return self.found_problems + later

    @property
    def left_out(self) -> str:
        """How many broken pictures were left out so far, and the first, in words; or ""."""
        if not self.problems:
            return ""
        count = len(self.problems)
        what = "1 broken picture was" if count == 1 else f"{count:,} broken pictures were"
        first = ": " if count == 1 else ", the first: "
        return f"{what} left out of {self.split}{first}{self.problems[0]}"

    def batch(
        self,
        indices: Tensor,
        device: torch.device | str = "cpu",
        columns: Iterable[str] | None = None,
        draws: np.ndarray | None = None,
    ) -> Batch:
        """Return rows as a batch on a device.

        Args:
            indices: int64 (M,), rows from 0 to N - 1.
            columns: names besides "target"; None gives all there are.
            draws: uint64 (M,), random numbers that choose where a row has several texts or clips;
                None: the same ones always.
        Returns:
            "target", float32 (M, C, H, W) in [0, 1]; "label", int64 (M,); "text", M strings;
            "audio", M clips, float32 (samples,) on the CPU; "image", what the targets are to be
            made from, float32 (M, C', H', W') in [0, 1]; "reference", that or the targets; others
            as they are, a tensor or a list.
        Raises:
            DataError: a column that the data does not have.
        """
        if isinstance(self.images, Tensor):
            indices = indices.to(self.images.device)
            pixels = self.images.index_select(0, indices)
        else:
            pixels, indices = self.images.read(indices)
        # The bytes travel to the device, a quarter of the floats; div makes float32 in one pass.
        target = pixels.to(device, non_blocking=True).div(255)
        batch: Batch = {"target": target}
        for name in self.columns if columns is None else columns:
            is_target = name == REFERENCE and self.references is self.images
            batch[name] = target if is_target else self.values(name, indices, device, draws)
        return batch

    def values(
        self,
        name: str,
        indices: Tensor,
        device: torch.device | str = "cpu",
        draws: np.ndarray | None = None,
    ) -> Any:
        """Return one column of a `batch`, without its pictures.

        Raises:
            DataError: a column that the data does not have.
        """
        if name == "label" and self.labels is not None:
            rows = indices.to(self.labels.device)
            return self.labels.index_select(0, rows).to(device, non_blocking=True)
        if name == "text" and self.texts is not None:
            return take_values(self.texts, indices.tolist(), draws)
        if name == "audio" and self.clips is not None:
            return take_values(self.clips, indices.tolist(), draws)
        held = {"image": self.given, REFERENCE: self.references}.get(name)
        if held is not None:
            rows = indices.to(held.device) if isinstance(held, Tensor) else indices
            return held[rows].to(device, non_blocking=True).div(255)
        if name in self.others:
            column = _rows_of(self.others[name], indices)
            return column.to(device) if isinstance(column, Tensor) else column
        raise self._no_column(name)

    def with_others(self, names: Collection[str]) -> "PictureData":
        """Return the data with those columns alone of plugins' kinds of input."""
        kept = {name: column for name, column in self.others.items() if name in names}
        return self if len(kept) == len(self.others) else replace(self, others=kept)

    def column(self, name: str) -> Any:
        """Return all of a column: labels int64 (N,), given pictures, all texts, clips or others.

        Those texts and clips are among them that no row has unless they are drawn.

        Raises:
            DataError: a column that the data does not have.
        """
        listed = {"text": self.texts, "audio": self.clips}.get(name)
        if listed is not None:
            return list(every_value(listed))
        own = {"label": self.labels, "image": self.given, REFERENCE: self.references}
        held = {**own, **self.others}.get(name)
        if held is None:
            raise self._no_column(name)
        return held

    def select(self, indices: Tensor | np.ndarray) -> "PictureData":
        """Return some rows, int64 (M,), in that order."""
        rows = torch.as_tensor(indices, dtype=torch.int64)
        return replace(
            self,
            images=_pick(self.images, rows),
            given=_maybe(self.given, lambda given: _pick(given, rows)),
            labels=_maybe(self.labels, lambda labels: labels[rows.to(labels.device)]),
            texts=_maybe(self.texts, lambda texts: select_rows(texts, rows.numpy())),
            clips=_maybe(self.clips, lambda clips: select_rows(clips, rows.numpy())),
            others={name: _rows_of(column, rows) for name, column in self.others.items()},
            digests=_maybe(self.digests, lambda digests: digests[rows.numpy()]),
        )

    def other_split(self, split: str) -> "PictureData":
        """Load another split of the same source, read in the same way.

        Raises:
            DataError: the source has no such split, or these pictures came from none.
        """
        if self.reader is None:
            raise DataError(
                f"{self.name} was not loaded from a source; its split {split!r} cannot be read"
            )
        return self.reader(split)

    def joined_with(self, other: "PictureData") -> "PictureData":
        """Return these rows and then those of another part of the same data set.

        Raises:
            DataError: the two differ in size, classes or columns.
        """
        ours, theirs = self._kind, other._kind
        if ours != theirs:
            what = next(name for name in ours if ours[name] != theirs[name])
            raise DataError(
                f"{self.split} and {other.split} of {self.name} can be joined only where they are "
                f"alike; their {what}: {ours[what]} and {theirs[what]}"
            )
        return replace(
            self,
            images=_join(self.images, other.images),
            given=_maybe_both(self.given, other.given, _join),
            labels=_maybe_both(self.labels, other.labels, lambda a, b: torch.cat([a, b])),
            texts=_maybe_both(self.texts, other.texts, join_columns),
            clips=_maybe_both(self.clips, other.clips, join_columns),
            others={name: _chain(self.others[name], other.others[name]) for name in self.others},
            digests=_maybe_both(self.digests, other.digests, lambda a, b: np.concatenate([a, b])),
            found_problems=self.found_problems + other.found_problems,
        )

    @property
    def _kind(self) -> dict[str, Any]:
        return {
            "shapes": tuple(self.images.shape[1:]),
            "classes": self.class_names,
            "columns": self.columns,
            "sample rates": self.sample_rate,
        }

    def split_off(
        self, fraction_or_count: float, seed: int = 0
    ) -> tuple["PictureData", "PictureData"]:
        """Return (train, held_out): the same rows for the same N, amount and seed, for ever.

        Args:
            fraction_or_count: below 1 a part of the rows, otherwise their number.
        Raises:
            DataError: nothing would stay.
        """
        rows = held_out_rows(len(self), fraction_or_count, seed)
        train, held_out = self.select(other_rows(len(self), rows)), self.select(rows)
        return train, replace(held_out, split="valid")

    def with_labels(self, class_names: Sequence[str]) -> "PictureData":
        """Return the data with labels that count the given classes, matched by name.

        Where the data's own classes are mere numbers, they are taken to be in the same order.

        Raises:
            DataError: there are no labels, or a class has no counterpart.
        """
        names = tuple(class_names)
        if self.labels is None or self.class_names is None:
            raise DataError(f"{self.name} has no labels; expected classes {', '.join(names)}")
        own = self.class_names
        if own == names or (_are_numbers(own) and len(own) <= len(names)):
            return replace(self, class_names=names)
        unknown = [name for name in own if name not in names]
        if unknown:
            raise DataError(
                f"{self.name} has the class {unknown[0]!r}{did_you_mean(unknown[0], names)}; "
                f"expected classes: {', '.join(names)}; name them with class_names"
            )
        order = torch.tensor([names.index(name) for name in own], device=self.labels.device)
        return replace(self, labels=order[self.labels], class_names=names)

    @cached_property
    def fingerprint(self) -> str:
        """sha256, in hexadecimal, over pictures, labels, class names and all other columns."""
        header = {"shape": tuple(self.images.shape), "classes": self.class_names}
        labels = b"" if self.labels is None else self.labels.cpu().numpy().tobytes()
        texts = json.dumps(None if self.texts is None else list(every_value(self.texts))).encode()
        parts = [json.dumps(header).encode(), self._content_digest(), labels, texts]
        if self.given is not None:
            parts.append(digest_pictures(self.given))
        if self.clips is not None:
            clips = [clip.numpy().tobytes() for clip in every_value(self.clips)]
            parts += [str(self.sample_rate).encode(), digest(*clips)]
        columns = (self.texts, self.clips)
        parts += [digest_choices(column) for column in columns if isinstance(column, Choices)]
        parts += [digest_column(name, self.others[name]) for name in sorted(self.others)]
        return digest(*parts).hex()

    def _content_digest(self) -> bytes:
        if self.digests is not None and isinstance(self.images, Tensor):
            return digest(self.digests.tobytes())
        return digest_pictures(self.images)

    def _no_column(self, name: str) -> DataError:
        return DataError(
            f"{self.name} has no {name!r}{did_you_mean(name, self.columns)}; a batch of it has: "
            f"{', '.join(('target', *self.columns))}"
        )


def _pick(images: Tensor | PicturesOnRead, rows: Tensor) -> Tensor | PicturesOnRead:
    if isinstance(images, Tensor):
        return images[rows.to(images.device)]
    return images.select(rows.numpy())


def _rows_of(column: Tensor | Sequence[Any], rows: Tensor) -> Tensor | list[Any]:
    if isinstance(column, Tensor):
        return column[rows.to(column.device)]
    return [column[row] for row in rows.tolist()]


def _chain(first: Tensor | Sequence[Any], second: Tensor | Sequence[Any]) -> Tensor | Sequence[Any]:
    if isinstance(first, Tensor) and isinstance(second, Tensor):
        return torch.cat([first, second])
    return [*first, *second]


def _join(
    first: Tensor | PicturesOnRead, second: Tensor | PicturesOnRead
) -> Tensor | PicturesOnRead:
    if isinstance(first, Tensor) and isinstance(second, Tensor):
        return torch.cat([first, second.to(first.device)])
    if not isinstance(first, Tensor) and type(first) is type(second):
        return first.joined_with(second)
    raise DataError(
        "two parts can be joined where both are in memory or both are not; set in_memory_limit_mb"
    )


def _maybe(value: Any, function: Callable[[Any], Any]) -> Any:
    return None if value is None else function(value)


def _maybe_both(first: Any, second: Any, function: Callable[[Any, Any], Any]) -> Any:
    return None if first is None or second is None else function(first, second)


def _are_numbers(names: Sequence[str]) -> bool:
    return tuple(names) == tuple(str(index) for index in range(len(names)))
