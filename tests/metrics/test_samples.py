"""The pictures that are drawn to be measured."""

from typing import Any

import pytest
import torch
from bars import CLASSES, Eye, Painter, bars

from mmgen.data import PictureData
from mmgen.errors import (
    DataError,
    MmgenError,
    OptionError,
    UnsupportedConditionError,
    UnsupportedOperationError,
)
from mmgen.metrics import samples
from mmgen.metrics.samples import (
    SampleRequest,
    check_generator,
    draw_samples,
    read_request,
    read_sampling,
)
from mmgen.metrics.sampling_options import SamplingOptions

DATA = bars(20)


def test_they_are_what_generate_gives_as_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "_AT_ONCE", 7)
    model = Painter()
    done: list[int] = []
    found = draw_samples(model, DATA, SampleRequest(20, 3), lambda now, _: done.append(now))
    expected = model.generate(20, seed=3).pixels()
    assert found.images[:].dtype == torch.uint8
    assert torch.equal(found.images[:, 0], torch.from_numpy(expected))
    assert done == [7, 14, 20]
    assert found.labels is None
    assert found.split == "samples"


def test_labels_are_asked_for_class_after_class() -> None:
    model = Painter()
    found = draw_samples(model, DATA, SampleRequest(15, 3, conditions=("label",)))
    assert found.labels is not None
    assert found.labels.tolist() == [index % 6 for index in range(15)]
    assert found.class_names == CLASSES
    assert torch.equal(found.images[:].float().mean(dim=(1, 2)).argmax(dim=1), found.labels)


def test_labels_like_those_of_the_data() -> None:
    rare = DATA.select(torch.tensor([0] * 90 + [1] * 10))
    request = SampleRequest(300, 3, conditions=("label",), labels="data")
    found = draw_samples(Painter(), rare, request)
    assert found.labels is not None
    counts = found.labels.bincount(minlength=6).tolist()
    assert counts[0] == pytest.approx(270, abs=20)
    assert counts[0] + counts[1] == 300
    again = draw_samples(Painter(), rare, request)
    assert torch.equal(again.images[:], found.images[:])


def test_options_reach_generate_and_the_protocol() -> None:
    options = SamplingOptions.build({"sampling": "how=collapsed,grain=0.5", "seed": "4"})
    request = read_request(options, 9, Painter())
    assert request.count == 9
    assert request.to_dict() == {
        "seed": 4,
        "conditions": [],
        "options": {"how": "collapsed", "grain": "0.5"},
    }
    found = draw_samples(Painter(), DATA, request)
    assert set(found.images[:].float().mean(dim=(1, 2)).argmax(dim=1).tolist()) == {0}


@pytest.mark.parametrize("weights", ["0", 0, "label:0"])
def test_weights_of_conditions_reach_generate_and_the_protocol(weights: Any) -> None:
    model = Painter()
    options = SamplingOptions.build({"conditions": "label", "weights": weights})
    request = read_request(options, 12, model)
    assert request.to_dict() == {
        "seed": 0,
        "conditions": ["label"],
        "labels": "balanced",
        "weights": {"label": 0.0},
        "options": {},
    }
    found = draw_samples(model, DATA, request)
    unasked = draw_samples(model, DATA, SampleRequest(12, 0))
    assert torch.equal(found.images[:], unasked.images[:])
    assert found.labels is not None  # they were asked for, however little they count
    assert found.labels.tolist() == [*range(6), *range(6)]
    other = read_request(options.replace(weights=2), 12, model)
    assert request != other
    assert not torch.equal(draw_samples(model, DATA, other).images[:], found.images[:])


def test_without_weights_a_protocol_says_nothing_of_them() -> None:
    request = read_request(SamplingOptions(conditions=("label",)), 2, Painter())
    assert "weights" not in request.to_dict()


@pytest.mark.parametrize(
    ("weights", "conditions", "words"),
    [
        ("much", ("label",), "weights are a number"),
        ("lable:2", ("label",), "no weight of 'lable'; did you mean 'label'"),
        ("2", (), "none is given; give one of label"),
        ("label:2", (), "'label' has a weight and is not given"),
    ],
)
def test_weights_that_cannot_be_are_refused_before_anything_is_drawn(
    weights: str, conditions: tuple[str, ...], words: str
) -> None:
    with pytest.raises(MmgenError, match=words):
        read_request(SamplingOptions(conditions=conditions, weights=weights), 2, Painter())
    with pytest.raises(OptionError, match="'weights' takes number or text or none"):
        SamplingOptions.build({"weights": True})


def test_captions_and_given_pictures_come_from_the_data() -> None:
    asked: list[Any] = []

    class Restorer(Painter):
        spatial_slots = (samples.Slot(name="image", modality="image", required=True),)

        def sample(self, condition: Any, rng: Any, options: Any) -> torch.Tensor:
            asked.append(condition.spatial["image"])
            return condition.spatial["image"]

    pairs = PictureData(images=DATA.images, given=DATA.images[:].flip(-1), labels=DATA.labels,
                        class_names=CLASSES)  # fmt: skip
    request = SampleRequest(25, 0, conditions=("image", "label"))
    assert request.to_dict()["labels"] == "data"  # they belong together, picture by picture
    assert SampleRequest(25, 0, conditions=("label",)).to_dict()["labels"] == "balanced"
    found = draw_samples(Restorer(), pairs, request)
    assert torch.equal(found.images[:20], DATA.images[:].flip(-1))
    assert torch.equal(found.images[20:], DATA.images[:5].flip(-1))
    assert found.labels is not None
    assert DATA.labels is not None
    assert torch.equal(found.labels[:20], DATA.labels)
    with pytest.raises(UnsupportedConditionError, match=r"needs 'image'.*=image, where the metric"):
        draw_samples(Restorer(), pairs, SampleRequest(2, 0))


def test_an_option_of_several_values_is_passed_on_whole() -> None:
    written = "steps=8,guidance_interval=0.2,0.8,guidance_scale=text:3,label:1.5"
    assert read_sampling(written.split(",")) == (
        ("steps", "8"),
        ("guidance_interval", "0.2,0.8"),
        ("guidance_scale", "text:3,label:1.5"),
    )


def test_what_cannot_be_drawn_is_refused_in_words() -> None:
    model, plain = Painter(), Painter(labelled=False)
    with pytest.raises(UnsupportedConditionError, match="no slot 'text'; it takes label"):
        draw_samples(model, DATA, SampleRequest(2, 0, conditions=("text",)))
    with pytest.raises(UnsupportedConditionError, match="it takes no conditions"):
        draw_samples(plain, DATA, SampleRequest(2, 0, conditions=("label",)))
    unlabelled = PictureData(images=DATA.images)
    with pytest.raises(DataError, match="need labelled data"):
        draw_samples(model, unlabelled, SampleRequest(2, 0, ("label",), "data"))
    with pytest.raises(OptionError, match="unknown option 'truncation'"):
        draw_samples(model, DATA, SampleRequest(2, 0, settings=(("truncation", "1"),)))
    with pytest.raises(OptionError, match="unknown option 'seed'"):
        draw_samples(model, DATA, SampleRequest(2, 0, settings=(("seed", "1"),)))
    with pytest.raises(OptionError, match=r"takes NAME=VALUE.*got 'seven'"):
        read_request(SamplingOptions(sampling=("seven",)), 2, model)
    with pytest.raises(UnsupportedOperationError, match=r"fid needs a model that makes pictures"):
        check_generator(Eye(), "fid")


def test_pictures_of_another_size_than_the_real_ones_are_refused() -> None:
    larger = PictureData(images=torch.zeros(2, 1, 8, 6, dtype=torch.uint8), name="large")
    with pytest.raises(DataError, match=r"draws 6×6 with 1 channels, large has 6×8 with 1"):
        draw_samples(Painter(), larger, SampleRequest(2, 0))
