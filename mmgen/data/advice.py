"""What to set or mend before training, from what a check found."""

from collections import Counter
from collections.abc import Iterator, Sequence

from mmgen.data.options import DataOptions
from mmgen.data.report import Leak, SplitReport
from mmgen.data.splits import canonical

_IMBALANCE = 10  # times as many pictures in the largest class as in the smallest


def advise(
    splits: Sequence[SplitReport], leaks: Sequence[Leak], options: DataOptions
) -> Iterator[str]:
    """Yield lines, each with what to do."""
    yield from _on_shapes(splits, options)
    yield from _on_damage(splits, leaks)
    yield from _on_splits(splits, options)
    yield from _on_labels(splits)
    yield from _on_captions(splits)


def _on_shapes(splits: Sequence[SplitReport], options: DataOptions) -> Iterator[str]:
    sizes = sum((split.sizes for split in splits), Counter())
    channels = sum((split.channels for split in splits), Counter())
    if len(sizes) > 1 and options.size is None:
        side, _ = Counter(_short_sides(sizes)).most_common(1)[0]
        yield (
            f"sizes differ: set size={side} (scaled, the middle cut out; crop=none keeps "
            "everything and lets proportions change)"
        )
    if len(channels) > 1 and options.channels is None:
        yield "channels differ: set channels=3 (transparent parts go over white), or 1 for grey"
    needed = max((split.decoded_mb for split in splits), default=0)
    if needed > options.in_memory_limit_mb and options.size is None:
        yield (
            f"{needed:,.0f} MB decoded is above in_memory_limit_mb={options.in_memory_limit_mb}: "
            "pictures will be decoded batch by batch; a smaller size keeps them in memory"
        )


def _on_damage(splits: Sequence[SplitReport], leaks: Sequence[Leak]) -> Iterator[str]:
    num_broken = sum(len(split.broken) for split in splits)
    if num_broken:
        yield (
            f"broken pictures: {num_broken}; mend or remove them, or they are left out "
            "(on_broken=skip) or refused (on_broken=stop)"
        )
    for leak in leaks:
        first, second = leak.splits
        yield (
            f"pictures of {second} that are in {first} too: {len(leak.pairs)}; remove them from "
            "one of the two, or figures on held-out data flatter the model"
        )


def _on_splits(splits: Sequence[SplitReport], options: DataOptions) -> Iterator[str]:
    by_meaning = {canonical(split.name): split for split in splits}
    train = by_meaning.get("train")
    if train is None:
        names = ", ".join(split.name for split in splits)
        yield f"there is no train split, only {names}: good for evaluation alone"
    elif "valid" not in by_meaning and options.held_out > 0:
        yield (
            f"there is no validation split: {options.held_out:.0%} of train will be held out "
            f"(held_out={options.held_out:g})"
        )
        if train.num_duplicates:
            yield (
                f"duplicates in {train.name}: {train.num_duplicates}; remove them, or they may "
                "come to lie on both sides of the held-out part"
            )


def _on_labels(splits: Sequence[SplitReport]) -> Iterator[str]:
    labelled = [split for split in splits if split.labels]
    for split in labelled:
        counts = split.labels or {}
        empty = [name for name, count in counts.items() if not count]
        present = [count for count in counts.values() if count]
        if empty:
            yield f"{split.name} has no picture of {len(empty)} classes: {', '.join(empty[:8])}"
        if present and max(present) >= _IMBALANCE * min(present):
            yield (
                f"classes of {split.name} are unequal: {min(present):,} to {max(present):,} "
                "pictures; rare ones will be learnt badly"
            )
    names = tuple(labelled[0].labels or ()) if labelled else ()
    if names and all(name.isdecimal() for name in names):
        yield "classes are mere numbers: name them with class_names, if they have names"


def _on_captions(splits: Sequence[SplitReport]) -> Iterator[str]:
    captioned = [(split.name, split.captions) for split in splits if split.captions is not None]
    for name, captions in captioned:
        if captions.num_empty:
            yield f"{captions.num_empty} of {captions.num_captions} captions of {name} are empty"
    for name, captions in captioned[:1]:  # one line will do: splits are alike
        if captions.num_captions > 10 * captions.num_distinct:
            yield (
                f"captions repeat ({captions.num_distinct} different ones for "
                f"{captions.num_captions:,} pictures of {name}): they say no more than a label"
            )


def _short_sides(sizes: Counter[tuple[int, int]]) -> dict[int, int]:
    sides: Counter[int] = Counter()
    for (height, width), count in sizes.items():
        sides[min(height, width)] += count
    return sides
