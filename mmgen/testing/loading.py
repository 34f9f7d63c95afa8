"""Checks of a data set that a plugin registers: it is loaded, and looked at row by row."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor

from mmgen.data import DataOptions, PictureData, load
from mmgen.data.splits import canonical
from mmgen.errors import UnsupportedOperationError
from mmgen.families import DatasetSource
from mmgen.plugins import manager
from mmgen.slots import Size
from mmgen.testing.case import check
from mmgen.testing.outcome import ContractError, NotApplicable, demand, demand_identical
from mmgen.testing.registering import demand_described, demand_light
from mmgen.testing.values import pictures

FEW = 24
_NUM_DIGITS = 10


@dataclass(frozen=True, kw_only=True)
class DatasetCase:
    """A data set that a plugin registers.

    Attributes:
        dataset: its registered name.
        options: of `mmgen.data.DataOptions`; a set that is made makes 24 pictures unless told.
    """

    dataset: str
    options: Mapping[str, Any] = field(default_factory=lambda: {"made_pictures": FEW})

    @property
    def registered(self) -> DatasetSource:
        """What the plugin registered under the data set's name."""
        return manager().dataset(self.dataset)

    def load(self, split: str, **options: Any) -> PictureData:
        """Load a split without any connection to another machine; all of it unless told.

        Raises:
            UnsupportedOperationError: it cannot be loaded without one.
        """
        asked = {"held_out": 0.0, **self.options, **options}
        with offline() as wanted:
            try:
                return load(self.dataset, split, DataOptions.build(asked))
            except Exception as error:
                if not wanted:
                    raise
                raise UnsupportedOperationError(
                    f"it is fetched from {wanted[0]}: nothing is fetched for a check"
                ) from error


@contextmanager
def offline() -> Iterator[list[str]]:
    """Refuse every connection to another machine for a while; yield where they were to go."""
    wanted: list[str] = []

    def refuse_name(host: Any, *_: Any, **__: Any) -> None:
        wanted.append(str(host))
        raise OSError(f"no connection to {host} is opened by a check")

    connect = socket.socket.connect

    def refuse(self: socket.socket, address: Any) -> None:
        if not isinstance(address, tuple):  # a file: of this machine
            connect(self, address)
            return
        refuse_name(address[0])

    with (
        patch.object(socket, "getaddrinfo", refuse_name),
        patch.object(socket.socket, "connect", refuse),
    ):
        yield wanted


def guess_dataset_case(source: DatasetSource, folder: Path) -> DatasetCase:
    """Return a case for a data set, with the first options that it takes.

    One that is made from digits gets some, in a file; one that is made makes 24 pictures.

    Raises:
        UnsupportedOperationError: it cannot be loaded without a connection.
    """
    few = {"made_pictures": FEW}
    for options in ({"base": str(_write_digits(folder)), **few}, few, {}):
        case = DatasetCase(dataset=source.name, options=options)
        if _loads(case):
            return case
    return case  # what is wrong with it, the checks say


def _loads(case: DatasetCase) -> bool:
    """Whether a data set loads with a case's options.

    Raises:
        UnsupportedOperationError: not without a connection.
    """
    try:
        case.load(case.registered.splits[0])
    except UnsupportedOperationError:
        raise
    except Exception:
        return False
    return True


def _write_digits(folder: Path) -> Path:
    """Write a data set of grey pictures of ten classes, as those that are made from one take it."""
    path = folder / "digits.npz"
    size = Size(channels=1, height=28, width=28)
    images = pictures(size, 4 * _NUM_DIGITS, seed=3).mul(255).to(torch.uint8).numpy()[:, 0]
    labels = np.arange(len(images)) % _NUM_DIGITS
    np.savez(path, x_train=images, y_train=labels, x_test=images[::-1], y_test=labels[::-1])
    return path


@check
def check_dataset_is_light(case: DatasetCase) -> None:
    """An installed data set is listed without torch, numpy, or anything else that takes long."""
    demand_light("dataset", case.dataset)


@check
def check_dataset_is_described(case: DatasetCase) -> None:
    """A data set has a summary, splits, and a loader whose docstring says what it returns."""
    source = case.registered
    demand_described("a data set", source.summary, source.loader)
    demand(bool(source.splits), "a data set must have a split")
    demand(
        len({canonical(split) for split in source.splits}) == len(source.splits),
        f"splits must have names of their own; got {', '.join(source.splits)}",
    )


@check
def check_dataset_loads(case: DatasetCase) -> None:
    """Every split loads, with one row or more: uint8 pictures of 1, 3 or 4 channels, or none."""
    for split in case.registered.splits:
        data = case.load(split)
        demand(len(data) > 0, f"{split} must have a row")
        if not data.has_pictures:
            demand(bool(data.columns), f"{split} must have pictures, texts or sounds")
            continue
        images = data.images[torch.arange(min(2, len(data)))]
        shape = tuple(data.images.shape)
        demand(
            isinstance(images, Tensor) and images.dtype == torch.uint8,
            f"the pictures of {split} must be uint8; got {getattr(images, 'dtype', type(images))}",
        )
        fits = len(shape) == 4 and shape[1] in (1, 3, 4) and tuple(images.shape[1:]) == shape[1:]
        demand(fits, f"the pictures of {split} must have shape (N, 1, 3 or 4, H, W); got {shape}")
        target = data.batch(torch.tensor([0]))["target"]
        low, high = float(target.min()), float(target.max())
        demand(low >= 0 and high <= 1, f"targets must lie in [0, 1]; got {low:.4g} to {high:.4g}")


@check
def check_dataset_is_the_same_twice(case: DatasetCase) -> None:
    """Loaded twice with the same options, a split is the same, bit for bit."""
    for split in case.registered.splits:
        same = case.load(split).fingerprint == case.load(split).fingerprint
        demand(same, f"{split} must be the same when it is loaded again")


@check
def check_splits_differ(case: DatasetCase) -> None:
    """No split is a copy of another."""
    splits = case.registered.splits
    if len(splits) < 2:
        raise NotApplicable("it has one split")
    prints: dict[str, str] = {}
    for split in splits:
        found = case.load(split).fingerprint
        demand(found not in prints, f"{split} must not be the same as {prints.get(found)}")
        prints[found] = split


@check
def check_labels_and_captions(case: DatasetCase) -> None:
    """Labels count classes that have names; captions are texts; sounds lie in [-1, 1]."""
    columns: set[str] = set()
    for split in case.registered.splits:
        data = case.load(split)
        columns |= set(data.columns)
        if data.labels is not None:
            names = data.class_names or ()
            low, high = int(data.labels.min()), int(data.labels.max())
            demand(
                data.labels.dtype == torch.int64,
                f"labels of {split} must be int64; got {data.labels.dtype}",
            )
            demand(
                low >= 0 and high < len(names) == len(set(names)),
                f"labels of {split} must be numbers of its {len(names)} class names; got {low} to "
                f"{high}",
            )
        if data.texts is not None:
            texts = data.column("text")
            demand(all(isinstance(text, str) for text in texts), f"captions of {split} are texts")
            demand(any(text.strip() for text in texts), f"{split} must have a caption")
        for clip in () if data.clips is None else data.column("audio"):
            fits = clip.dtype == torch.float32 and clip.ndim == 1 and bool((clip.abs() <= 1).all())
            demand(fits, f"sounds of {split} must be float32 (samples,) in [-1, 1]")
    if not columns & {"label", "text", "audio"}:
        raise NotApplicable("it has pictures only")


@check
def check_rows_stay_theirs(case: DatasetCase) -> None:
    """A row is the same in any batch, and where some rows are selected."""
    for split in case.registered.splits:
        data = case.load(split)
        last = len(data) - 1
        batch, alone = data.batch(torch.tensor([0, last])), data.batch(torch.tensor([last]))
        chosen = data.select(torch.tensor([last])).batch(torch.tensor([0]))
        for name in batch:
            for other, how in ((alone, "alone in a batch"), (chosen, "selected")):
                what = f"{name} of row {last} of {split}, {how},"
                _demand_same(batch[name][1], other[name][0], f"{what} must be the same")


def _demand_same(a: Any, b: Any, sentence: str) -> None:
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        demand_identical(a, b, sentence)
    elif a != b:
        raise ContractError(f"{sentence}: {a!r} and {b!r}")


@check
def check_a_part_is_held_out(case: DatasetCase) -> None:
    """Of a train split a part can be held out as 'valid', which train no longer has."""
    splits = {canonical(split) for split in case.registered.splits}
    if "train" not in splits or "valid" in splits:
        raise NotApplicable("it has no train split, or a valid split of its own")
    whole = case.load("train")
    train, valid = (case.load(split, held_out=0.25) for split in ("train", "valid"))
    counts = len(train), len(valid)
    demand(sum(counts) == len(whole), f"{len(whole)} rows must be parted; got {counts}")
    demand(train.fingerprint != whole.fingerprint, "train must be without what is held out")


DATASET_CHECKS = (
    check_dataset_is_light,
    check_dataset_is_described,
    check_dataset_loads,
    check_dataset_is_the_same_twice,
    check_splits_differ,
    check_labels_and_captions,
    check_rows_stay_theirs,
    check_a_part_is_held_out,
)
