"""Every sentence of `explain`'s docstring."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import torch

import mmgen
from mmgen.errors import (
    InputError,
    OptionError,
    UnsupportedConditionError,
    UnsupportedOperationError,
)
from mmgen.interfaces import Generator
from mmgen.pretrained import build
from mmgen.testing import stand_in

Make = Callable[..., Generator]
GIVEN: dict[str, Any] = {"label": "dog", "text": "one two"}


def test_the_picture_is_that_of_generate(make_model: Make) -> None:
    model = make_model()
    found = mmgen.explain(model, seed=3, index=5, temperature=0.7, **GIVEN)
    same = model.generate(seed=3, indices=[5], temperature=0.7, **GIVEN)
    bare = model.generate(seed=3, indices=[5], temperature=0.7)
    torch.testing.assert_close(found.image, same.images[0])
    torch.testing.assert_close(found.baseline, bare.images[0])
    assert found.change == pytest.approx(float((found.image - found.baseline).square().mean()))
    assert {key: found.recipe[key] for key in same.recipe} == same.recipe


def test_slots_add_up_to_the_way_and_shares_to_one(make_model: Make) -> None:
    found = mmgen.explain(make_model(), seed=0, **GIVEN)
    contributions = [slot.contribution for slot in found.slots if slot.contribution is not None]
    way = (found.image - found.baseline).double()
    torch.testing.assert_close(sum(contributions), way, atol=1e-6, rtol=0)
    shares = [slot.share for slot in found.slots if slot.share is not None]
    assert sum(shares) == pytest.approx(1)
    assert [slot.slot for slot in found.slots] == ["label", "text"]
    assert all(share != 0 for share in shares)


def test_a_slot_alone_goes_all_the_way(make_model: Make) -> None:
    (slot,) = mmgen.explain(make_model(), seed=0, label="cat").slots
    assert slot.share == pytest.approx(1)
    assert [(part.name, slot.kind) for part in slot.parts] == [("cat", "whole")]


def test_a_part_tells_what_changes_without_it(make_model: Make) -> None:
    model = make_model()
    found = mmgen.explain(model, seed=0, **GIVEN)
    label, text = found.slots
    for part, left in zip(text.parts, ("two", "one"), strict=True):
        without = model.generate(seed=0, label="dog", text=left).images[0]
        assert part.change == pytest.approx(float((found.image - without).square().mean()))
    without = model.generate(seed=0, text="one two").images[0]
    assert label.parts[0].change == pytest.approx(float((found.image - without).square().mean()))


def test_what_an_encoder_does_not_see_moves_nothing(make_model: Make) -> None:
    # The stand-in's encoder reads the first eight letters.
    (text,) = mmgen.explain(make_model(), seed=0, text="abcdefgh unseen words").slots
    first, *others = [part.change for part in text.parts]
    assert first > 0
    assert max(others) < 1e-10


def test_one_word_is_the_whole_text(make_model: Make) -> None:
    found = mmgen.explain(make_model(), seed=0, text="seven")
    assert found.slots[0].parts[0].change == pytest.approx(found.change)


def test_a_slot_without_weight_has_no_share(make_model: Make) -> None:
    found = mmgen.explain(make_model(), seed=0, weights={"text": 0, "label": 2}, **GIVEN)
    label, text = found.slots
    assert text.share == pytest.approx(0, abs=1e-6)
    assert label.share == pytest.approx(1)
    assert found.recipe["weights"] == {"label": 2.0, "text": 0.0}


def test_a_slot_that_must_be_given_is_explained_too(make_model: Make) -> None:
    model = make_model(required=("label",))
    found = mmgen.explain(model, seed=0, **GIVEN)
    same = mmgen.explain(make_model(), seed=0, **GIVEN)
    assert [slot.share for slot in found.slots] == [slot.share for slot in same.slots]


def test_pixels_stay_and_their_cells_are_looked_at(make_model: Make) -> None:
    model = make_model("tiny-inpainter")
    image, mask = torch.rand(1, 8, 6), torch.zeros(1, 8, 6)
    mask[:, :, 3:] = 1
    found = mmgen.explain(model, seed=0, image=image, mask=mask, label="dog")
    slots = {slot.slot: slot for slot in found.slots}
    assert slots["label"].share == pytest.approx(1)
    assert (slots["image"].share, slots["image"].kind) == (None, "cells")
    assert max(part.change for part in slots["image"].parts) > 0
    assert slots["mask"].parts == ()
    assert found.draw().ndim == 3


def test_a_picture_that_nothing_moved_has_no_shares(make_model: Make) -> None:
    found = mmgen.explain(make_model(), seed=0, weights=0, **GIVEN)
    assert [slot.share for slot in found.slots] == [None, None]
    assert found.draw().ndim == 3


def test_without_a_seed_all_pictures_share_the_one_that_is_drawn(make_model: Make) -> None:
    model = make_model()
    found = mmgen.explain(model, **GIVEN)
    again = mmgen.explain(model, seed=found.recipe["seed"], **GIVEN)
    assert again.to_dict() == found.to_dict()


def test_the_batch_changes_no_figure(make_model: Make) -> None:
    model = make_model()
    whole = mmgen.explain(model, seed=0, **GIVEN)
    one = mmgen.explain(model, seed=0, batch_size=1, **GIVEN)
    for a, b in zip(whole.slots, one.slots, strict=True):
        assert a.share == pytest.approx(b.share, abs=1e-4)


def test_progress_is_told(make_model: Make) -> None:
    told: list[tuple[int, int]] = []
    mmgen.explain(
        make_model(), seed=0, progress=lambda done, total: told.append((done, total)), **GIVEN
    )
    assert told[-1] == (6, 6)  # four subsets, and the text without each of its words


def test_figures_are_json_and_lie_in_the_recipe(make_model: Make) -> None:
    found = mmgen.explain(make_model(), seed=0, **GIVEN)
    assert json.loads(json.dumps(found.recipe))["explanation"] == found.to_dict()


@pytest.mark.parametrize(
    ("inputs", "error", "words"),
    [
        ({}, InputError, "nothing was given that could be explained; .* takes label, text"),
        ({"label": None}, InputError, "nothing was given"),
        ({"sound": 1}, OptionError, "unknown option 'sound'"),
        ({"image": 1}, UnsupportedConditionError, "does not answer 'image'"),
        ({"label": ["cat", "dog"]}, InputError, "give 'label' one value; got 2"),
        ({"label": "cow"}, InputError, "unknown label 'cow'"),
        ({"label": "cat", "temperature": -9}, OptionError, "temperature"),
        ({"label": "cat", "weights": {"text": 1}}, InputError, "'text' has a weight"),
    ],
)
def test_what_cannot_be_explained_is_said(
    make_model: Make, inputs: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        mmgen.explain(make_model(), **inputs)


def test_a_model_without_conditions_has_nothing_to_explain(make_model: Make) -> None:
    with pytest.raises(UnsupportedConditionError, match="takes no conditions"):
        mmgen.explain(make_model(slots=()))


def test_an_encoder_makes_no_pictures() -> None:
    with pytest.raises(UnsupportedOperationError, match="makes no pictures"):
        mmgen.explain(build(stand_in.NAME, {"width": 6}), text="x")


def test_film_is_refused_in_words(make_model: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    model = make_model()
    monkeypatch.setattr(
        type(model), "sample", lambda self, c, r, o: torch.zeros(len(c), 2, 1, 8, 6)
    )
    with pytest.raises(UnsupportedOperationError, match="film"):
        mmgen.explain(model, label="cat")
