"""The way in: from what stands behind `--data` and a split to PictureData."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from mmgen.data.assembly import assemble
from mmgen.data.options import DataOptions
from mmgen.data.pictures import PictureData
from mmgen.data.records import Records
from mmgen.data.registered import load_registered, registered_source
from mmgen.data.sounds import pair_with_sounds
from mmgen.data.sources import open_source
from mmgen.data.splits import Part, canonical, find_part, find_split, held_out_rows, other_rows
from mmgen.data.stacking import stack
from mmgen.data.threads import Progress
from mmgen.data.withheld import WITHHELD, withhold
from mmgen.data.wordings import caption
from mmgen.errors import DataError

_DEFAULTS = DataOptions()


def load(
    source: str | Path,
    split: str = "train",
    options: DataOptions = _DEFAULTS,
    *,
    progress: Progress | None = None,
) -> PictureData:
    """Load one split of a data set.

    Where the source has no validation split, "valid" is a part of its train split
    (`options.held_out`), and "train" is the rest: the two never overlap. With
    `options.train_on_valid`, a part of "valid" is moved to the end of "train". Pictures are
    stacked last, those of each split among themselves; then come captions and sounds that are
    made for labels.

    Args:
        source: a folder of pictures, of parquet or of idx files; a .zip, .npz or .parquet file;
            a name that a plugin registered; or a Hub data set, org/name.
        split: "train", "valid" or "test", a synonym of these, or the source's own word; with
            `options.withheld` also "withheld".
        progress: called with (pictures decoded, pictures).
    Raises:
        DataError: no such source or split, no pictures, unequal sizes that no option mends,
            damaged files.
        NotInstalledError: reading the source needs `mmgen-core[train]`.
    """
    plain = options.replace(stack=1, stack_pictures=None, captions=None, sounds=None)
    data = stack(_load_parts(source, split, plain, progress), options)
    if options.captions is not None:
        data = caption(data, options.captions)
    if options.sounds is not None:
        data = pair_with_sounds(data, load(options.sounds, split, _for_sounds(options)))
    return replace(data, reader=partial(load, source, options=options))


def _for_sounds(options: DataOptions) -> DataOptions:
    """Return how the sounds that go with pictures are read."""
    return DataOptions(
        sample_rate=options.sample_rate,
        on_broken=options.on_broken,
        held_out=options.held_out,
        held_out_seed=options.held_out_seed,
        in_memory_limit_mb=options.in_memory_limit_mb,
    )


def _load_parts(
    source: str | Path, split: str, options: DataOptions, progress: Progress | None
) -> PictureData:
    """Load a split, with what `train_on_valid` moves."""
    if not options.train_on_valid or canonical(split) not in ("train", "valid"):
        return _load(source, split, options, progress)
    kept, moved = share_valid(_load(source, "valid", options, progress), options)
    if canonical(split) == "valid":
        return kept
    train = _load(source, split, options, progress)
    return replace(train.joined_with(moved), notes=(*train.notes, kept.notes[-1]))


def share_valid(valid: PictureData, options: DataOptions) -> tuple[PictureData, PictureData]:
    """Return what of the validation split stays so, and what `train_on_valid` moves to train."""
    share = options.train_on_valid
    rows = held_out_rows(len(valid), 1 - share, options.held_out_seed)
    moved = valid.select(other_rows(len(valid), rows))
    note = (
        f"{len(moved)} of the {len(valid)} 'valid' pictures of {valid.name} are trained on "
        f"(train_on_valid={share:g}): figures on all of 'valid' are not of unseen ones"
    )
    return replace(valid.select(rows), notes=(*valid.notes, note)), moved


def _load(
    source: str | Path, split: str, options: DataOptions, progress: Progress | None
) -> PictureData:
    registered = registered_source(source)
    if registered is not None:
        name = registered.name
        part = _find_part(split, registered.splits, options, name)
        data = load_registered(registered, part.split, options)
        if options.withheld is not None and canonical(part.split) == "train":
            data = withhold(data, options.withheld, split, name=name)
        rows, note = _rows(part, len(data), options, name)
        data = data if rows is None else data.select(rows)
        return replace(data, split=canonical(split), notes=(*data.notes, *note))
    _refuse_made(source, options)
    opened = open_source(source)
    part = _find_part(split, opened.splits, options, opened.name)
    records = opened.read(part.split, options)
    if options.withheld is not None and canonical(part.split) == "train":
        records = withhold(records, options.withheld, split, name=opened.name)
    rows, note = _rows(part, len(records), options, opened.name)
    records = records if rows is None else records.select(rows)
    records = replace(_name_classes(records, options), notes=(*records.notes, *note))
    return assemble(records, options, name=opened.name, split=canonical(split), progress=progress)


def _find_part(split: str, splits: Sequence[str], options: DataOptions, name: str) -> Part:
    if split == WITHHELD and options.withheld is not None:
        return Part(find_split("train", splits, source=name), "all")
    return find_part(split, splits, held_out=options.held_out, source=name)


def _refuse_made(source: str | Path, options: DataOptions) -> None:
    """Refuse options that only a data set that a plugin makes has a use for."""
    for name in ("base", "made_pictures", "made_seed"):
        if getattr(options, name) != getattr(_DEFAULTS, name):
            raise DataError(
                f"data.{name} is for data sets that are made, as mnist-scenes of the plugin "
                f"mmgen-plugin-scenes; {source} is read as it is: leave it out"
            )


def available_splits(source: str | Path) -> tuple[str, ...]:
    """Return the splits of a source by its own names, train first.

    Raises:
        DataError: no such source, or no pictures in it.
    """
    registered = registered_source(source)
    return registered.splits if registered is not None else open_source(source).splits


def _rows(
    part: Part, num_rows: int, options: DataOptions, name: str
) -> tuple[np.ndarray | None, tuple[str, ...]]:
    rows = part.choose(num_rows, options.held_out, options.held_out_seed)
    if rows is None:
        return None, ()
    held_out = len(rows) if part.rows == "held out" else num_rows - len(rows)
    return rows, (
        f"{name} has no validation split: {held_out} of its {num_rows} train pictures are held "
        f"out as 'valid' (held_out={options.held_out:g})",
    )


def _name_classes(records: Records, options: DataOptions) -> Records:
    names = options.class_names
    if names is None or records.class_names is None:
        return records
    if len(names) < len(records.class_names):
        raise DataError(
            f"class_names names every class; got {len(names)} names for "
            f"{len(records.class_names)} classes"
        )
    return replace(records, class_names=names)
