"""Retrieval: whether the right one is found among many, in both directions."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from mmgen.data import PictureData
from mmgen.errors import DataError, OptionError
from mmgen.interfaces import Generator, Model, Progress
from mmgen.metrics.bootstrap import SCORE, share_interval
from mmgen.metrics.clip_score import demand_captions
from mmgen.metrics.compared import choose_some, open_compared
from mmgen.metrics.matchers import Matcher, with_values
from mmgen.metrics.matching_options import RetrievalOptions
from mmgen.metrics.result import MetricResult, mean_result
from mmgen.metrics.samples import captions_of
from mmgen.metrics.stages import in_stages
from mmgen.metrics.workbench import Workbench

_RANKS = (1, 5)


def retrieval(
    model: Model,
    data: PictureData,
    options: RetrievalOptions,
    progress: Progress | None = None,
    workbench: Workbench | None = None,
) -> list[MetricResult]:
    """Return how often the right one of K candidates is the nearest (R@1), or of the five (R@5).

    The rows are put into random groups of K, in each of which every row is looked for once in each
    direction; rows that are left over are not looked at. Equal texts are one: either is right; so
    are rows of one label with `labels_alike`, where a sound, say, tells no more than its class.
    One as near as the right one is before it.

    Of an encoder that embeds modalities together: between two of its slots. Of a generator: the
    captions that its pictures were made from, as a judge tells them; the floor, a ceiling here,
    is what the judge finds for the real pictures.

    Raises:
        UnsupportedOperationError: the model makes no pictures and does not embed together, or
            the judge does not.
        DataError: the data lacks a column, or has fewer than two rows.
        OptionError: a generator without a judge, or with `labels_alike`.
    """
    workbench = workbench or Workbench()
    if isinstance(model, Generator):
        return _of_generator(model, data, options, progress, workbench)
    matcher = Matcher(model)
    slots = _choose_slots(matcher, data, options.slots)
    data, part = choose_some(with_values(data, slots), options.num_real, options.seed)
    resize = matcher.resize(data) if "image" in slots else "none"
    steps = in_stages(progress, len(data), len(data))
    (first, keys), (second, more) = (
        matcher.vectors(data, slot, step) for slot, step in zip(slots, steps, strict=True)
    )
    protocol = {
        "resize": resize,
        "part": part,
        "seed": options.seed,
        "labels_alike": options.labels_alike,
        "interval": SCORE,
    }
    alike = data.column("label").tolist() if options.labels_alike else more or keys
    return _results(first, second, slots, alike, options, protocol)


def _of_generator(
    model: Generator,
    data: PictureData,
    options: RetrievalOptions,
    progress: Progress | None,
    workbench: Workbench,
) -> list[MetricResult]:
    if options.judge is None:
        raise OptionError(
            "retrieval of a generator needs judge: a model that embeds pictures and texts in one "
            "space, as a contrastive one"
        )
    if options.labels_alike:
        raise OptionError("labels_alike is of encoders; a generator's captions are told by words")
    demand_captions("retrieval", data)
    data = with_values(data, ("text",))
    compared = open_compared("retrieval", model, data, options, workbench)
    judge = workbench.matcher(options.judge, model.device)
    judge.demand("image", "text")
    resize = judge.resize(compared.real)
    notes = compared.notes()
    count = compared.request.count
    steps = in_stages(progress, count, count, len(compared.real), len(compared.real))
    captions = captions_of(compared.real, compared.request)
    made, _ = judge.vectors(compared.draw(steps[0]), "image", steps[1])
    named = judge.model.embed(text=captions)["text"]
    real, _ = judge.vectors(compared.real, "image", steps[2])
    real_named, texts = judge.vectors(compared.real, "text", steps[3])
    protocol = compared.protocol(resize, notes, judge=judge.to_dict(), interval=SCORE)
    slots = ("image", "text")
    results = _results(made, named, slots, captions, options, protocol)
    ceilings = _results(real, real_named, slots, texts, options, {})
    return [_with_floor(result, ceilings, compared.real.split) for result in results]


def _with_floor(result: MetricResult, ceilings: Sequence[MetricResult], split: str) -> MetricResult:
    for ceiling in ceilings:
        if ceiling.name == result.name:
            floor = {
                "value": ceiling.value,
                "of": f"real {split} and its own captions, among {ceiling.protocol['candidates']}",
                "num_pictures": [ceiling.num_images],
            }
            return replace(result, protocol={**result.protocol, "floor": floor})
    return result


def _choose_slots(matcher: Matcher, data: PictureData, asked: Sequence[str]) -> tuple[str, ...]:
    there = matcher.columns(data)
    if not asked:
        if len(there) < 2:
            raise DataError(
                f"retrieval is between two of {', '.join(matcher.slots)}; {data.name} has "
                f"{', '.join(('image', *data.columns))}"
            )
        return there[:2]
    matcher.demand(*asked)
    for slot in asked:
        if slot not in there:
            raise DataError(f"{data.name} has no {slot!r}; it has {', '.join(there)}")
    return tuple(asked)


def _results(
    first: Tensor,
    second: Tensor,
    slots: Sequence[str],
    keys: Sequence[Any] | None,
    options: RetrievalOptions,
    protocol: dict[str, Any],
) -> list[MetricResult]:
    """Return R@1 and R@5 from the first slot to the second, and back."""
    size = min(options.candidates, len(first))
    if size < 2:
        raise DataError(f"retrieval is among two candidates or more; got {len(first)} row")
    protocol = {**protocol, "slots": list(slots), "candidates": size}
    if size < options.candidates:
        notes = [f"among {size} candidates, all there are, not {options.candidates}"]
        protocol["notes"] = [*protocol.get("notes", []), *notes]
    forth, back = ranks(first, second, keys, candidates=size, seed=options.seed)
    results = []
    for start, end, found in ((slots[0], slots[1], forth), (slots[1], slots[0], back)):
        for rank in _RANKS:
            if rank >= size:
                continue
            right = (found < rank).double()
            name = f"retrieval {start} to {end} R@{rank}"
            results.append(mean_result(name, right, "share", dict(protocol), share_interval(right)))
    return results


def ranks(
    first: Tensor,
    second: Tensor,
    keys: Sequence[Any] | None = None,
    *,
    candidates: int,
    seed: int = 0,
) -> tuple[Tensor, Tensor]:
    """Return how many candidates come before the right one, int64 (M,), forth and back.

    Args:
        first, second: unit vectors (N, D), row by row what belongs together.
        keys: N; rows of one key, as a text, are one and the same: any of them is right.
        candidates: of each group, K of the N rows; M is N rounded down to whole groups.
        seed: of the groups.
    """
    count = len(first) // candidates * candidates
    order = torch.randperm(len(first), generator=torch.Generator().manual_seed(seed))[:count]
    groups = order.view(-1, candidates)
    cosines = first[groups].double() @ second[groups].double().mT  # (G, K, K)
    same = torch.eye(candidates, dtype=torch.bool).expand_as(cosines)
    if keys is not None:
        number: dict[Any, int] = {}
        numbers = torch.tensor([number.setdefault(key, len(number)) for key in keys])[groups]
        same = numbers[:, :, None] == numbers[:, None, :]
    rivals, right = (cosines.masked_fill(where, -torch.inf) for where in (same, ~same))
    forth = (rivals >= right.amax(dim=2, keepdim=True)).sum(dim=2)
    back = (rivals >= right.amax(dim=1, keepdim=True)).sum(dim=1)
    return forth.flatten(), back.flatten()
