"""Encoders that are made of others, from settings and data."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import meeting
import pytest
import torch

from mmgen.data import PictureData
from mmgen.errors import DataError, OptionError, PluginError, TrainingError
from mmgen.families import Architecture
from mmgen.interfaces import EmbedsTogether, Encoder
from mmgen.options import Options
from mmgen.testing import stand_in, temporary_plugin
from mmgen.training.assembly import TrainingData, build_model, match_columns
from mmgen.training.feed import make_source
from mmgen.training.settings import build_settings
from mmgen.training.suitability import check_pictures

CONDITIONS = {"image": {"encoder": "contract-pixels"}, "text": {"encoder": "contract-words"}}


@pytest.fixture(autouse=True)
def plugins() -> Iterator[None]:
    with temporary_plugin(stand_in, "contract"), temporary_plugin(meeting.plugin(), "meeting"):
        yield


@pytest.fixture
def captioned(pictures: PictureData) -> PictureData:
    return replace(pictures, texts=["a stripe"] * len(pictures))


def build(data: PictureData, conditions: dict[str, Any], architecture: str = "meeting") -> Any:
    return build_model(build_settings(architecture, {"conditions": conditions}), data)


def test_the_slot_image_is_for_the_pictures_of_the_data(captioned: PictureData) -> None:
    model = build(captioned, CONDITIONS)
    assert isinstance(model, EmbedsTogether)
    assert [slot.name for slot in model.slots] == ["image", "text"]
    assert model.pictures.config.to_dict() | {"channels": 1, "height": 4, "width": 4} == (
        model.pictures.config.to_dict()
    )


def test_an_encoder_of_pictures_gets_classes_only_where_it_demands_them(
    captioned: PictureData,
) -> None:
    model = build(captioned, {**CONDITIONS, "label": {"encoder": "label-embedding"}})
    classes = {slot.name: slot.classes for slot in model.slots}
    assert classes == {"image": None, "text": None, "label": captioned.class_names}


SHOWN = {"reference": {"encoder": "contract-pixels"}}


def test_a_generator_is_shown_pictures_under_a_name_of_their_own(
    captioned: PictureData, toy: str
) -> None:
    model = build(captioned, {**SHOWN, "text": {"encoder": "contract-words"}}, toy)
    assert [(slot.name, slot.modality) for slot in model.slots] == [
        ("reference", "image"),
        ("text", "text"),
    ]
    matched = match_columns(model, TrainingData(captioned, captioned))
    assert matched.held_out is not None
    for data in (matched.train, matched.held_out):
        source = make_source(data, torch.device("cpu"))
        batch = source.batch(torch.tensor([1, 0]), torch.device("cpu"))
        assert torch.equal(batch["reference"], batch["target"])
    other = build(captioned, {"text": {"encoder": "contract-words"}}, toy)
    source = make_source(match_columns(other, matched).train, torch.device("cpu"))
    assert "reference" not in source.batch(torch.tensor([0]), torch.device("cpu"))


def test_who_wants_to_show_pictures_is_told_the_name(captioned: PictureData, toy: str) -> None:
    words = r"needs a column 'image'; .* looks at the pictures is \[conditions.reference\]"
    with pytest.raises(DataError, match=words):
        build(captioned, {"image": {"encoder": "contract-pixels"}}, toy)


def test_pairs_may_go_to_an_encoder_alone(captioned: PictureData, toy: str) -> None:
    small = captioned.images[:, :, :2, :2]  # type: ignore[index]
    pairs = replace(captioned, given=small)
    check_pictures(build(pairs, SHOWN, toy), pairs)
    with pytest.raises(DataError, match=r"takes no picture: .* set conditions\.reference\.encoder"):
        check_pictures(build(captioned, {}, toy), pairs)


@pytest.mark.parametrize("slot", ["image", "mask"])
def test_an_encoder_has_no_name_of_what_brings_pixels(
    captioned: PictureData, toy: str, slot: str
) -> None:
    data = replace(captioned, given=captioned.images)
    data = data if slot == "image" else replace(data, others={"mask": captioned.images})
    with pytest.raises(OptionError, match=rf"conditions\.{slot}\] .* is \[conditions.reference\]"):
        build(data, {slot: {"encoder": "contract-pixels"}}, toy)


def test_a_slot_without_a_column_is_refused(pictures: PictureData) -> None:
    with pytest.raises(DataError, match=r"\[conditions.text\] needs a column 'text'"):
        build(pictures, CONDITIONS)


@pytest.fixture
def recordings() -> PictureData:
    """Two labelled sounds, and no pictures."""
    return PictureData(
        images=torch.empty(2, 0, 0, 0, dtype=torch.uint8),
        clips=[torch.zeros(8), torch.ones(8)],
        sample_rate=8000,
        labels=torch.tensor([0, 1]),
        class_names=("0", "1"),
        texts=["zero", "one"],
        name="spoken-digits",
    )


@pytest.mark.parametrize("learner", ["toy", "contract-pixels"])
def test_what_learns_from_pictures_says_that_there_are_recordings_alone(
    recordings: PictureData, toy: str, learner: str
) -> None:
    name = toy if learner == "toy" else learner
    words = f"'{name}' learns from pictures; spoken-digits has recordings alone: .*data.sounds"
    for model in ({}, {"channels": 1, "height": 4, "width": 4}):
        with pytest.raises(DataError, match=words):
            build_model(build_settings(name, {"model": model}), recordings)
    silent = replace(recordings, clips=None, sample_rate=None, name="words")
    with pytest.raises(DataError, match="learns from pictures; words has none"):
        build_model(build_settings(name, {}), silent)


def test_an_encoder_of_several_kinds_needs_pictures_where_it_has_a_slot_for_them(
    captioned: PictureData, recordings: PictureData
) -> None:
    with pytest.raises(DataError, match=r"'meeting' learns from pictures; spoken-digits has rec"):
        build(recordings, CONDITIONS)
    with pytest.raises(DataError, match=r"'meeting' learns from pictures; spoken-digits has rec"):
        check_pictures(build(captioned, CONDITIONS), recordings)


def test_an_encoder_of_texts_learns_without_pictures(recordings: PictureData) -> None:
    model = build_model(build_settings("contract-words", {}), recordings)
    check_pictures(model, recordings)
    assert isinstance(model, Encoder)
    assert model.modality == "text"


def test_other_encoders_take_no_conditions(captioned: PictureData) -> None:
    with pytest.raises(OptionError, match="is an encoder: it takes no"):
        build(captioned, CONDITIONS, "contract-pixels")


def test_labels_are_counted_as_the_models_own(captioned: PictureData) -> None:
    label = {"encoder": "label-embedding", "classes": ["high", "mid", "low"]}
    model = build(captioned, {**CONDITIONS, "label": label})
    matched = match_columns(model, TrainingData(captioned, None)).train
    assert matched.class_names == ("high", "mid", "low")
    assert matched.labels is not None
    assert captioned.labels is not None
    assert torch.equal(matched.labels, 2 - captioned.labels)


def test_columns_of_plugins_that_it_does_not_take_are_left_out(captioned: PictureData) -> None:
    model = build(captioned, CONDITIONS)
    moods = replace(captioned, others={"mood": ["gay"] * len(captioned)})
    matched = match_columns(model, TrainingData(moods, moods))
    assert matched.held_out is not None
    assert "mood" not in matched.train.columns + matched.held_out.columns
    assert matched.train.fingerprint == captioned.fingerprint != moods.fingerprint


def test_it_is_saved_whole_and_its_parts_load_alone(captioned: PictureData, tmp_path: Any) -> None:
    from mmgen.pretrained import load_folder

    model = build(captioned, CONDITIONS).eval()
    loaded = cast(Any, load_folder(model.save(tmp_path / "model")))
    assert loaded.conditioner.slot_names == ("image", "text")
    given = {"text": ["a", "b"], "image": torch.rand(2, 1, 4, 4)}
    for name, vectors in model.embed(**given).items():
        assert torch.equal(loaded.embed(**given)[name], vectors)
    assert isinstance(load_folder(tmp_path / "model" / "text"), Encoder)


def test_of_a_trained_one_a_slot_takes_the_encoder_of_its_modality(
    captioned: PictureData, tmp_path: Any
) -> None:
    folder = str(build(captioned, CONDITIONS).eval().save(tmp_path / "model"))
    joined = build(captioned, {slot: {"model": folder} for slot in ("image", "text")})
    assert joined.conditioner.encoders["image"].identity.architecture == "meeting"
    assert joined.conditioner.encoders["text"].identity.architecture == "contract-words"
    assert joined.conditioner.frozen == {"image", "text"}


def test_going_on_from_a_model_its_encoders_learn_unless_they_are_told_not_to(
    captioned: PictureData, tmp_path: Any
) -> None:
    folder = build(captioned, CONDITIONS).save(tmp_path / "model")

    def frozen(conditions: dict[str, Any]) -> Any:
        settings = build_settings("meeting", {"conditions": conditions})
        return build_model(settings, captioned, from_model=folder).conditioner.frozen

    assert frozen({}) == frozenset()
    assert frozen({"text": {"tuned": False}, "image": {"tuned": True}}) == {"text"}
    with pytest.raises(OptionError, match="has no such slot"):
        frozen({"sound": {"tuned": False}})
    with pytest.raises(OptionError, match="true or false"):
        frozen({"text": {"tuned": "no"}})
    with pytest.raises(TrainingError, match="leave out"):
        frozen({"text": CONDITIONS["text"]})


def test_tuned_alone_is_refused_for_a_new_model(captioned: PictureData) -> None:
    with pytest.raises(OptionError, match="tuned alone"):
        build(captioned, {**CONDITIONS, "text": {"tuned": False}})


def test_a_generator_does_not_say_that_it_joins_encoders() -> None:
    with pytest.raises(PluginError, match="joins_encoders is for encoders"):
        Architecture(name="x", summary="", network="a:B", config=Options, joins_encoders=True)
