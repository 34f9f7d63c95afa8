"""From settings and data to a model and its trainer."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import torch

from mmgen import data as picture_data
from mmgen.data import PictureData
from mmgen.data.loading import share_valid
from mmgen.data.splits import canonical
from mmgen.errors import (
    DataError,
    OptionError,
    TrainingError,
    UnsupportedOperationError,
    did_you_mean,
)
from mmgen.families import Architecture, load_reference
from mmgen.interfaces import (
    Conditioner,
    EmbedsTogether,
    Encoder,
    Generator,
    Model,
    Reshapes,
    Trainer,
    classes_of,
)
from mmgen.options import Options, describe
from mmgen.plugins import manager
from mmgen.pretrained import build, build_encoder, from_pretrained
from mmgen.slots import REFERENCE
from mmgen.training.run_folder import find_model_folder
from mmgen.training.settings import Settings, build_table
from mmgen.training.suitability import check_has_pictures

PICTURE_SLOT = "image"


@dataclass(frozen=True)
class TrainingData:
    """The pictures to learn from, and those held out for evaluation, if any."""

    train: PictureData
    held_out: PictureData | None

    @property
    def fingerprint(self) -> str:
        """Which pictures these are, as one text."""
        held_out = "" if self.held_out is None else f"+{self.held_out.fingerprint}"
        return f"{self.train.fingerprint}{held_out}"


def load_data(source: str | Path | PictureData, settings: Settings) -> TrainingData:
    """Load the train and the validation split; without the latter, hold pictures out."""
    share = settings.data.held_out
    if isinstance(source, PictureData):
        if not share or len(source) < 2:
            return TrainingData(source, None)
        train, held_out = source.split_off(share, settings.data.held_out_seed)
        if settings.data.train_on_valid:
            held_out, moved = share_valid(held_out, settings.data)
            train = train.joined_with(moved)
        return TrainingData(train, held_out)
    splits = {canonical(name) for name in picture_data.available_splits(source)}
    train = picture_data.load(source, "train", settings.data)
    if "valid" not in splits and not share:
        return TrainingData(train, None)
    return TrainingData(train, picture_data.load(source, "valid", settings.data))


def build_model(
    settings: Settings, data: PictureData, *, from_model: str | Path | None = None
) -> Model:
    """Return the model to train: new, or a trained one to go on from.

    Raises:
        OptionError, DataError, TrainingError: in words, what does not fit.
    """
    _, _, architecture = manager().architecture(settings.architecture)
    if architecture.kind == "generator" or _modality(architecture) == "image":
        check_has_pictures(settings.architecture, data)
    if from_model is not None:
        return _load_start(settings, from_model)
    values = fill_from_data(architecture.config, settings.model, data)
    config = build_table("model", architecture.config, values)
    conditioner = None
    if architecture.kind == "generator" or architecture.joins_encoders:
        conditioner = build_conditioner(settings, data)
    elif settings.conditions:
        raise OptionError(f"{settings.architecture!r} is an encoder: it takes no [conditions]")
    elif not settings.parts:
        return build_encoder(settings.architecture, config, _column_for(architecture, data))
    parts = {name: from_pretrained(model) for name, model in settings.parts.items()}
    return build(settings.architecture, config, conditioner=conditioner, parts=parts)


def _modality(architecture: Architecture) -> str | None:
    """Return what an encoder takes; None of generators, and of encoders that join others."""
    if architecture.kind == "generator" or architecture.joins_encoders:
        return None
    modality: str = load_reference(architecture.network).modality
    return modality


def _column_for(architecture: Architecture, data: PictureData) -> Any:
    """Return the values that an encoder is to learn from."""
    modality = _modality(architecture)
    assert modality is not None
    return data.images if modality == "image" else data.column(modality)


def _load_start(settings: Settings, from_model: str | Path) -> Model:
    model = from_pretrained(str(find_model_folder(from_model)))
    if model.identity.architecture != settings.architecture:
        raise TrainingError(
            f"a training goes on from a model of its own architecture, {settings.architecture!r}; "
            f"{str(from_model)!r} is a {model.identity.architecture!r}"
        )
    model = _with_settings(model, settings.model, str(from_model))
    if settings.parts or any(set(values) != {"tuned"} for values in settings.conditions.values()):
        raise TrainingError(
            f"conditions and parts come from {str(from_model)!r}; leave out [parts], and of "
            "[conditions] all but tuned"
        )
    if settings.conditioner.num_examples and isinstance(model, Generator):
        model.conditioner.reserve_examples(settings.conditioner.num_examples)
    _freeze_start(settings, model, from_model)
    return model


def _with_settings(model: Model, values: Mapping[str, Any], name: str) -> Model:
    """Return the model, or where it can go on under other settings one that has them."""
    own = model.config.to_dict()
    config = type(model.config).build({**own, **values})
    asked = config.to_dict()
    changed = [f"{key} is {own[key]}, not {asked[key]}" for key in own if own[key] != asked[key]]
    if not changed:
        return model
    if not isinstance(model, Reshapes):
        raise TrainingError(
            f"[model] must be that of {name!r}, or be left out: {'; '.join(changed)}"
        )
    return cast(Model, model.reshaped(config))


def _freeze_start(settings: Settings, model: Model, from_model: str | Path) -> None:
    """Freeze the encoders that shall stay as the start has them; the others go on learning."""
    conditioner = getattr(model, "conditioner", None)
    slots = () if conditioner is None else conditioner.slot_names
    for slot in settings.conditions:
        if slot not in slots:
            raise OptionError(
                f"[conditions.{slot}] tuned: {str(from_model)!r} has no such slot"
                f"{did_you_mean(slot, slots)}; it has {', '.join(slots) or 'none'}"
            )
    frozen = [slot for slot, values in settings.conditions.items() if not _tuned(slot, values)]
    if conditioner is not None and frozen:
        conditioner.freeze(frozen)


def fill_from_data(
    cls: type[Options], values: Mapping[str, Any], data: PictureData
) -> dict[str, Any]:
    """Return a config's values with the data's own channels, size and classes where not given."""
    _, channels, height, width = data.images.shape
    known = {info.name for info in describe(cls)}
    of_data: dict[str, Any] = {}
    if data.has_pictures:
        of_data |= {"channels": channels, "height": height, "width": width}
        of_data["image_shape"] = (channels, height, width)
    if data.class_names is not None:
        of_data["classes"] = data.class_names
    if data.sample_rate is not None:
        of_data["sample_rate"] = data.sample_rate
    if "height" not in known:
        of_data.pop("width", None)
    return {name: value for name, value in of_data.items() if name in known} | dict(values)


def build_conditioner(settings: Settings, data: PictureData) -> Conditioner | None:
    """Return the conditioner that [conditions] and [conditioner] ask for; None without slots.

    The slot "image" of an encoder that joins others is for the pictures of the data themselves; so
    is "reference" of a generator, or for what goes in of pairs.
    """
    if not settings.conditions:
        return None
    own_picture = manager().architecture(settings.architecture)[2].joins_encoders
    encoders = {}
    for slot, values in settings.conditions.items():
        if own_picture and slot == PICTURE_SLOT:
            check_has_pictures(settings.architecture, data)
            encoders[slot] = _build_encoder(slot, values, data, data.images)
            continue
        if slot == REFERENCE:
            check_has_pictures(settings.architecture, data)
        elif slot not in data.columns:
            why = "".join(f"; {note}" for note in data.notes if repr(slot) in note)
            if slot == PICTURE_SLOT:
                why += f"; an encoder that looks at the pictures is [conditions.{REFERENCE}]"
            raise DataError(
                f"[conditions.{slot}] needs a column {slot!r}; {data.name} has "
                f"{', '.join(data.columns) or 'pictures only'}{why}"
            )
        encoders[slot] = _build_encoder(slot, values, data, data.column(slot))
    config = settings.conditioner
    conditioner = Conditioner(
        encoders,
        width=config.width,
        dropout=config.dropout,
        join=config.join,
        num_examples=config.num_examples,
    )
    own = [slot for slot, encoder in encoders.items() if encoder.frozen]
    conditioner.freeze([*_frozen_slots(settings), *own])
    return conditioner


def _frozen_slots(settings: Settings) -> list[str]:
    """Return the slots whose encoders are trained ones that shall stay as they are."""
    trained = {slot: values for slot, values in settings.conditions.items() if "model" in values}
    return [slot for slot, values in trained.items() if not _tuned(slot, values)]


def _tuned(slot: str, values: Mapping[str, Any]) -> bool:
    tuned = values.get("tuned", False)
    if not isinstance(tuned, bool):
        raise OptionError(f"[conditions.{slot}] tuned is true or false; got {tuned!r}")
    return tuned


def _build_encoder(slot: str, values: Mapping[str, Any], data: PictureData, column: Any) -> Encoder:
    table = f"conditions.{slot}"
    values = dict(values)
    if "model" in values:
        values.pop("tuned", None)
        trained = from_pretrained(values.pop("model"))
        if values:
            raise OptionError(
                f"[{table}] a trained encoder takes no settings but tuned; got {values}"
            )
        if not isinstance(trained, Encoder):
            name = trained.identity.architecture
            raise OptionError(f"[{table}] needs an encoder; got the generator {name!r}")
        encoder = _encoder_for(slot, trained)
        _check_rate(encoder, data, table)
        return encoder
    if "encoder" not in values:
        raise OptionError(
            f"[{table}] tuned alone is of the encoder that a model to go on from has (--from); a "
            'new model needs encoder = "an architecture" or model = "a trained encoder"'
        )
    name = values.pop("encoder")
    _, _, architecture = manager().architecture(name)
    if architecture.kind != "encoder":
        raise OptionError(f"[{table}] needs an encoder; {name!r} is a {architecture.kind}")
    of_pictures = column is data.images or slot == REFERENCE
    values = _fill_encoder(architecture, values, data, of_pictures=of_pictures)
    config = build_table(table, architecture.config, values)
    return build_encoder(name, config, column)


def _encoder_for(slot: str, trained: Encoder) -> Encoder:
    """Return a trained encoder; where it joins several, that of a slot that it is not itself for.

    By itself a contrastive model is an encoder of pictures: for a slot "text" it gives that of its
    texts.
    """
    joined = getattr(trained, "conditioner", None)
    if not isinstance(joined, Conditioner) or slot not in joined.slot_names:
        return trained
    of_slot = cast(Encoder, joined.encoders[slot])
    return trained if of_slot.modality == trained.modality else of_slot


def _fill_encoder(
    architecture: Architecture, values: dict[str, Any], data: PictureData, *, of_pictures: bool
) -> dict[str, Any]:
    """Return an encoder's values with what it needs of the data: classes, size and channels."""
    options = {info.name: info for info in describe(architecture.config)}
    if of_pictures:
        classes = values.get("classes")
        values = fill_from_data(architecture.config, values, data)
        if classes is None and "classes" in options and not options["classes"].required:
            values.pop("classes", None)  # it is there for its features
    elif "classes" in options and options["classes"].required:
        values.setdefault("classes", data.class_names)
    if "sample_rate" in options and data.sample_rate is not None:
        values.setdefault("sample_rate", data.sample_rate)
    return values


def _check_rate(encoder: Encoder, data: PictureData, table: str) -> None:
    rate = encoder.slot("audio").sample_rate
    if encoder.modality == "audio" and rate != data.sample_rate:
        raise DataError(
            f"[{table}] takes {rate:,} samples a second; the sounds of {data.name} have "
            f"{data.sample_rate:,}: set data.sample_rate={rate}"
        )


def match_columns(model: Model, data: TrainingData) -> TrainingData:
    """Return the data with labels that count the model's classes, matched by name.

    Columns of plugins' kinds of input that the model does not take are left out. Where an encoder
    of it sees pictures, the data show them.
    """
    if isinstance(model, Generator | EmbedsTogether):
        classes = {slot.name: slot.classes for slot in model.slots}.get("label")
        taken = {slot.name for slot in model.slots}
    else:
        classes = classes_of(model) or None
        taken = {model.modality} if isinstance(model, Encoder) else set()
    held_out = None if data.held_out is None else _with_columns(data.held_out, taken)
    data = TrainingData(_with_columns(data.train, taken), held_out)
    if classes is None or (data.train.labels is None and isinstance(model, Generator)):
        return data
    held_out = None if data.held_out is None else data.held_out.with_labels(classes)
    return TrainingData(data.train.with_labels(classes), held_out)


def _with_columns(data: PictureData, taken: set[str]) -> PictureData:
    return replace(data.with_others(taken), has_references=REFERENCE in taken)


def build_trainer(settings: Settings, model: Model, device: torch.device) -> Trainer[Any]:
    """Return the architecture's trainer for a model, on the device.

    Raises:
        UnsupportedOperationError: the architecture cannot be trained.
    """
    _, _, architecture = manager().architecture(settings.architecture)
    if architecture.trainer is None:
        raise UnsupportedOperationError(f"{settings.architecture!r} has no trainer")
    trainer: Trainer[Any] = load_reference(architecture.trainer)(model.to(device), settings.trainer)
    return trainer.to(device)
