"""The pictures that a metric looks at, drawn from a generator and kept as bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from mmgen.data import PictureData
from mmgen.errors import (
    DataError,
    OptionError,
    UnsupportedConditionError,
    UnsupportedOperationError,
)
from mmgen.interfaces import Generator, Model, Progress
from mmgen.metrics.pictures import align_labels
from mmgen.metrics.room import room_for
from mmgen.metrics.sampling_options import SamplingOptions
from mmgen.slots import Slot
from mmgen.weighting import read_weights, weights_by_slot

_AT_ONCE = 1024


@dataclass(frozen=True)
class SampleRequest:
    """Which pictures are to be drawn; hashable, so that they are drawn once.

    Attributes:
        count: N.
        conditions: slots that are given a value.
        labels: "balanced", class after class, or "data", drawn from the data's labels. With other
            conditions they are the data's, picture by picture: they belong together.
        settings: options of `generate`, as (name, value).
        batch_size: pictures at a time; None: the model chooses.
        weights: how much slots count, as (name, weight); those that are not named by 1.
    """

    count: int
    seed: int
    conditions: tuple[str, ...] = ()
    labels: str = "balanced"
    settings: tuple[tuple[str, str], ...] = ()
    batch_size: int | None = None
    weights: tuple[tuple[str, float], ...] = ()

    @property
    def is_balanced(self) -> bool:
        """Whether classes are asked for in turn, whatever the data's labels are."""
        return self.labels == "balanced" and self.conditions == ("label",)

    def to_dict(self) -> dict[str, Any]:
        """Return what a protocol says of how pictures were drawn."""
        asked: dict[str, Any] = {"seed": self.seed, "conditions": list(self.conditions)}
        if "label" in self.conditions:
            asked["labels"] = "balanced" if self.is_balanced else "data"
        if self.weights:
            asked["weights"] = dict(self.weights)
        return asked | {"options": dict(self.settings)}


def read_request(options: SamplingOptions, num_real: int, model: Generator) -> SampleRequest:
    """Return the request that a metric's options make of a model.

    Raises:
        OptionError: `sampling` holds something else than NAME=VALUE.
        InputError: weights that are none, or of a slot that is given no value.
        UnsupportedConditionError: a weight of a slot that the model does not have.
    """
    weights = weights_by_slot(
        read_weights(options.weights),
        model.conditioner.slot_names,
        options.conditions,
        model.title,
    )
    return SampleRequest(
        count=options.num_samples or num_real,
        seed=options.seed,
        conditions=options.conditions,
        labels=options.labels,
        settings=read_sampling(options.sampling),
        batch_size=options.batch_size,
        weights=tuple(sorted(weights.items())),
    )


def read_sampling(pairs: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return options of `generate`, as (name, value), of what is written NAME=VALUE.

    A value may be several, as in guidance_interval=0.2,0.8: what has no name belongs to the option
    before it.

    Raises:
        OptionError: one is written otherwise.
    """
    settings: dict[str, list[str]] = {}
    values: list[str] | None = None
    for pair in pairs:
        name, found, value = pair.partition("=")
        if found:
            values = settings.setdefault(name.strip(), [])
        if values is None or (found and not name.strip()):
            raise OptionError(f"sampling takes NAME=VALUE, as truncation=0.7; got {pair!r}")
        values.append((value if found else name).strip())
    return tuple((name, ",".join(values)) for name, values in settings.items())


def check_generator(model: Model, metric: str) -> Generator:
    """Return the model as a generator.

    Raises:
        UnsupportedOperationError: it makes no pictures.
    """
    if not isinstance(model, Generator):
        name = model.identity.architecture or type(model).__name__
        raise UnsupportedOperationError(
            f"{metric} needs a model that makes pictures (generate); {name} does not"
        )
    return model


def draw_samples(
    model: Generator,
    data: PictureData,
    request: SampleRequest,
    progress: Progress | None = None,
) -> PictureData:
    """Draw pictures, uint8 as they would be saved; with the labels that are known of them.

    Picture i depends on the request's seed, i and its own conditions alone. However many there
    are, they take a bounded part of the memory (`room_for`).

    Args:
        data: real ones, which labels and other conditions are taken from.
        progress: called with (drawn, N).

    Raises:
        UnsupportedConditionError: the model has no such slot, or needs one that is not given.
        UnsupportedOperationError: the model makes film.
        DataError: the data lacks what the conditions need, or is of another size than what is
            drawn.
    """
    _check_slots(model, request)
    settings = read_settings(model, request)
    labels, classes = _choose_labels(model, data, request)
    images = room_for((request.count, *data.images.shape[1:]))
    for rows in torch.arange(request.count).split(_AT_ONCE):
        given = settings | _other_conditions(data, request, rows)
        if labels is not None and "label" in request.conditions:
            given["label"] = labels[rows]
        drawn = model.generate(
            indices=rows.tolist(),
            seed=request.seed,
            batch_size=request.batch_size,
            weights=dict(request.weights) or None,
            **given,
        )
        if drawn.frames is not None:
            raise UnsupportedOperationError(f"{model.title} makes film; still pictures are needed")
        _check_shape(model, drawn.images, data)
        images[rows] = drawn.images.mul(255).round_().clamp_(0, 255).to(torch.uint8)
        if progress is not None:
            progress(int(rows[-1]) + 1, request.count)
    return PictureData(
        images=images,
        labels=labels,
        class_names=classes,
        name=f"what {model.title} draws",
        split="samples",
    )


def read_settings(model: Generator, request: SampleRequest) -> dict[str, Any]:
    """Return all options of `generate`, as asked and as they are by default.

    Raises:
        OptionError: the model has no such option, or the value is out of its range.
    """
    return model.generation.build(dict(request.settings)).to_dict()


def _check_slots(model: Generator, request: SampleRequest) -> None:
    slots: Mapping[str, Slot] = {slot.name: slot for slot in model.slots}
    known = ", ".join(slots) or "no conditions"
    for name in request.conditions:
        if name not in slots:
            raise UnsupportedConditionError(f"{model.title} has no slot {name!r}; it takes {known}")
    for slot in slots.values():
        if slot.required and slot.name not in request.conditions:
            raise UnsupportedConditionError(
                f"{model.title} needs {slot.name!r} to draw anything; set conditions={slot.name}, "
                "where the metric has that option"
            )


def _choose_labels(
    model: Generator, data: PictureData, request: SampleRequest
) -> tuple[Tensor | None, tuple[str, ...] | None]:
    """Return a label for each picture, int64 (N,), and the classes' names.

    Where other conditions than labels are given, it is that of the picture they belong to.
    """
    if "label" not in request.conditions:
        if not request.conditions or data.labels is None:
            return None, None
        return data.labels.cpu()[torch.arange(request.count) % len(data)], data.class_names
    classes = next(slot.classes for slot in model.slots if slot.name == "label")
    if classes is None:
        raise UnsupportedConditionError(f"the classes of {model.title} are not known by name")
    rows = torch.arange(request.count)
    if request.is_balanced:
        return rows % len(classes), classes
    if data.labels is None:
        raise DataError(
            f"labels like the data's need labelled data; {data.name} has none: set "
            "labels=balanced, with no other condition than label"
        )
    own = align_labels(model, data, ("label",)).labels
    assert own is not None
    if len(request.conditions) > 1:  # they belong together, picture by picture
        return own.cpu()[rows % len(own)], classes
    generator = torch.Generator().manual_seed(request.seed)
    return own.cpu()[torch.randint(len(own), (request.count,), generator=generator)], classes


def _other_conditions(data: PictureData, request: SampleRequest, rows: Tensor) -> dict[str, Any]:
    """Return what the real pictures were made from or called, one after the other."""
    others: Sequence[str] = [name for name in request.conditions if name != "label"]
    if not others:
        return {}
    batch = data.batch(rows % len(data), columns=others)
    return {name: batch[name] for name in others}


def captions_of(data: PictureData, request: SampleRequest) -> list[str]:
    """Return the texts that pictures are drawn from, one for each."""
    texts: list[str] = []
    for rows in torch.arange(request.count).split(_AT_ONCE):
        texts += _other_conditions(data, replace(request, conditions=("text",)), rows)["text"]
    return texts


def _check_shape(model: Generator, images: Tensor, data: PictureData) -> None:
    if images.shape[1:] != data.images.shape[1:]:
        drawn, real = ("{2}×{1} with {0} channels".format(*s[1:]) for s in
                       (images.shape, data.images.shape))  # fmt: skip
        raise DataError(
            f"real and drawn pictures must be of one size; {model.title} draws {drawn}, "
            f"{data.name} has {real}: set size and channels of the data"
        )
