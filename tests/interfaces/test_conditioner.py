"""Conditions: any subset may be given, and what is left out has a stand-in that learns."""

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
import torch

from mmgen.errors import DataError, OptionError
from mmgen.interfaces import Condition, Conditioner, CounterNoise
from mmgen.testing.stand_in import WordsConfig
from mmgen.testing.words import WordsEncoder

Build = Callable[..., Conditioner]
LABELS = torch.tensor([0, 1, 2])
TEXTS = ["one", "three words here", "one"]
VALUES: dict[str, Any] = {"label": LABELS, "text": TEXTS}


def condition(conditioner: Conditioner, **values: Any) -> Condition:
    return conditioner(values, num_images=3, device="cpu")


@pytest.mark.parametrize("given", [(), ("label",), ("text",), ("label", "text")])
def test_any_subset_may_be_given(conditioner: Conditioner, given: tuple[str, ...]) -> None:
    found = condition(conditioner, **{name: VALUES[name] for name in given})
    assert len(found) == 3
    assert found.slot_names == ("label", "text")
    assert found.present.tolist() == [[name in given for name in found.slot_names]] * 3
    assert found.pooled.shape == (3, 5)
    assert found.tokens.shape[::2] == (3, 5)
    assert found.token_mask.shape == found.tokens.shape[:2]
    assert found.token_mask.dtype == torch.bool


def test_subsets_make_different_conditions(conditioner: Conditioner) -> None:
    pooled = [
        condition(
            conditioner, **{name: VALUES[name] for name, on in zip(VALUES, mask, strict=True) if on}
        ).pooled
        for mask in product((False, True), repeat=2)
    ]
    for one, two in product(range(4), repeat=2):
        assert torch.allclose(pooled[one], pooled[two]) == (one == two)


def test_none_is_the_same_as_not_given(conditioner: Conditioner) -> None:
    one = condition(conditioner, label=LABELS, text=None)
    assert torch.equal(one.pooled, condition(conditioner, label=LABELS).pooled)


def test_an_empty_text_is_the_same_as_not_given(conditioner: Conditioner) -> None:
    some = condition(conditioner, label=LABELS, text=["", *TEXTS[1:]])
    assert some.present.tolist() == [[True, False], [True, True], [True, True]]
    torch.testing.assert_close(some.pooled[0], condition(conditioner, label=LABELS).pooled[0])
    torch.testing.assert_close(some.pooled[1:], condition(conditioner, **VALUES).pooled[1:])
    none = condition(conditioner, label=LABELS, text=[""])
    torch.testing.assert_close(none.pooled, condition(conditioner, label=LABELS).pooled)


def test_tokens_count_up_to_each_values_length(conditioner: Conditioner) -> None:
    found = condition(conditioner, **VALUES)
    # One for the label; the stand-in encoder reads up to eight letters.
    assert found.token_mask.sum(dim=1).tolist() == [1 + 3, 1 + 8, 1 + 3]


def test_one_value_serves_all_pictures(conditioner: Conditioner) -> None:
    one = condition(conditioner, label=LABELS[1:2], text=TEXTS[1:2])
    each = condition(conditioner, label=LABELS[1:2].expand(3), text=TEXTS[1:2] * 3)
    torch.testing.assert_close(one.pooled, each.pooled)
    torch.testing.assert_close(one.tokens, each.tokens)
    assert torch.equal(one.token_mask, each.token_mask)


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Record what the text encoder is asked."""
    asked: list[list[str]] = []
    prepare = WordsEncoder.prepare

    def record(self: WordsEncoder, values: Any) -> Any:
        asked.append(list(values))
        return prepare(self, values)

    monkeypatch.setattr(WordsEncoder, "prepare", record)
    return asked


def test_a_text_is_encoded_once_however_often_it_is_given(
    conditioner: Conditioner, encoded: list[list[str]]
) -> None:
    found = condition(conditioner, text=TEXTS)
    assert encoded == [["one", "three words here"]]
    assert torch.equal(found.pooled[0], found.pooled[2])
    assert not torch.equal(found.pooled[0], found.pooled[1])


def test_slots_drop_out_row_by_row_in_training(conditioner: Conditioner) -> None:
    conditioner.train()
    found = conditioner({"label": LABELS[:1], "text": ["a"]}, num_images=4000, device="cpu")
    share = found.present.float().mean(dim=0)
    assert ((share - 0.5).abs() < 0.05).all()
    both = found.present.float()
    assert abs(float(torch.corrcoef(both.T)[0, 1])) < 0.1
    absent = condition(conditioner.eval()).pooled[0]
    torch.testing.assert_close(found.pooled[~found.present.any(dim=1)][0], absent)


def test_nothing_drops_out_otherwise(conditioner: Conditioner) -> None:
    assert condition(conditioner.eval(), **VALUES).present.all()
    conditioner.train()
    conditioner.dropout = 0.0
    assert condition(conditioner, **VALUES).present.all()


def test_stand_ins_and_projections_learn(conditioner: Conditioner) -> None:
    for values in (VALUES, {}):
        found = condition(conditioner, **values)
        (found.pooled.square().sum() + found.tokens[found.token_mask].square().sum()).backward()
    assert [name for name, p in conditioner.named_parameters() if p.grad is None] == []


@pytest.mark.parametrize(("tokens", "pooled"), [(True, False), (False, True), (False, False)])
def test_a_family_has_only_the_forms_that_it_uses(
    conditioner: Conditioner, tokens: bool, pooled: bool
) -> None:
    full = condition(conditioner, **VALUES)
    conditioner.restrict(tokens=tokens, pooled=pooled)
    for values in (VALUES, {}, {"text": TEXTS}):
        found = condition(conditioner, **values)
        assert found.tokens.shape[1] == found.token_mask.shape[1]
        assert bool(found.tokens.shape[1]) is tokens
        assert bool(found.pooled.any()) is pooled
    found = condition(conditioner, **VALUES)
    if tokens:
        torch.testing.assert_close(found.tokens, full.tokens)
    if pooled:
        torch.testing.assert_close(found.pooled, full.pooled)
    names = {name.partition(".")[0] for name, _ in conditioner.named_parameters()}
    assert ("token_projections" in names) is tokens
    assert ("pooled_projections" in names) is pooled


def test_without_slots_the_condition_is_empty() -> None:
    found = Conditioner({}, width=7)({}, num_images=4, device="cpu")
    assert found.pooled.shape == (4, 7)
    assert not found.pooled.any()
    assert found.tokens.shape == (4, 0, 7)
    assert found.token_mask.shape == (4, 0)
    assert found.present.shape == (4, 0)
    assert len(found.without()) == 4


def test_values_of_other_slots_are_ignored(conditioner: Conditioner) -> None:
    one = condition(conditioner, label=LABELS, target=torch.zeros(3))
    assert torch.equal(one.pooled, condition(conditioner, label=LABELS).pooled)


def test_spatial_slots_are_passed_on(conditioner: Conditioner) -> None:
    pixels = torch.rand(3, 1, 4, 4)
    found = conditioner({}, num_images=3, device="cpu", spatial={"image": pixels})
    assert found.spatial["image"] is pixels
    assert found.without().spatial["image"] is pixels


def test_slots_say_what_they_take(conditioner: Conditioner) -> None:
    label, text = conditioner.slots
    assert (label.name, label.modality, label.classes) == ("label", "label", ("cat", "dog", "10"))
    assert (text.name, text.modality, text.required) == ("text", "text", False)


def test_a_slot_may_be_required() -> None:
    made = Conditioner({"text": WordsEncoder(WordsConfig())}, width=4, required=("text",))
    assert made.slots[0].required


def test_without_stand_ins_encoders_are_used_one_by_one(conditioner: Conditioner) -> None:
    full = conditioner.encode("text", TEXTS, "cpu")
    conditioner.restrict(tokens=False, pooled=True, absent=False)
    assert not any(name.startswith("absent") for name, _ in conditioner.named_parameters())
    found = conditioner.encode("text", [*TEXTS, TEXTS[0]], "cpu")
    torch.testing.assert_close(found.pooled[:-1], full.pooled)
    assert torch.equal(found.pooled[-1], found.pooled[0])


@pytest.fixture
def keeping(conditioner_with: Build) -> Conditioner:
    """Keeps two examples of each slot, of families that read one vector."""
    made = conditioner_with(num_examples=4)
    made.restrict(tokens=False, pooled=True)
    made.keep_examples({"label": torch.tensor([2, 0]), "text": ["a cat", "two dogs"]})
    return made


def drawn(conditioner: Conditioner, count: int, seed: int = 0, **values: Any) -> Condition:
    found = conditioner(values, num_images=count, device="cpu")
    return conditioner.draw_examples(found, CounterNoise(seed, range(count)))


def shares_of(conditioner: Conditioner, found: Condition, slot: str, values: Any) -> list[float]:
    """Return how often the rows of a condition are told each value of a slot."""
    asked = conditioner({slot: values}, num_images=len(values), device="cpu")
    same = (found.pooled[:, None] - asked.pooled).abs().amax(dim=2) < 1e-6
    told = found.present[:, conditioner.slot_names.index(slot)]
    assert (told[same.any(dim=1)]).all()
    return same.float().mean(dim=0).tolist()


def test_where_nothing_is_given_every_example_of_every_slot_is_drawn_as_often(
    keeping: Conditioner,
) -> None:
    found = drawn(keeping, 4000)
    assert found.present.sum(dim=1).tolist() == [1] * 4000
    labels = shares_of(keeping, found, "label", LABELS)
    texts = shares_of(keeping, found, "text", ["a cat", "two dogs", "no"])
    assert labels == pytest.approx([0.25, 0, 0.25], abs=0.03)
    assert texts == pytest.approx([0.25, 0.25, 0], abs=0.03)


def test_which_examples_are_drawn_depends_on_seed_and_picture_alone(keeping: Conditioner) -> None:
    condition = keeping({}, num_images=2, device="cpu")
    later = keeping.draw_examples(condition, CounterNoise(0, [5, 6]))
    assert torch.equal(drawn(keeping, 8).pooled[5:7], later.pooled)
    assert not torch.equal(drawn(keeping, 8).pooled, drawn(keeping, 8, seed=1).pooled)


def test_examples_are_for_rows_to_which_nothing_is_given(keeping: Conditioner) -> None:
    texts = ["a cat", "", "a cat"]
    before = keeping({"text": texts}, num_images=3, device="cpu")
    found = drawn(keeping, 3, text=texts)
    assert torch.equal(found.pooled[::2], before.pooled[::2])
    assert not torch.equal(found.pooled[1], before.pooled[1])
    assert found.present.any(dim=1).tolist() == [True, True, True]
    # To leave conditions out again, as guidance does, is what it always was.
    torch.testing.assert_close(found.without().pooled, before.without().pooled)
    canvas = {"image": torch.zeros(3, 3, 4, 4)}
    painted = keeping({}, num_images=3, device="cpu", spatial=canvas)
    assert keeping.draw_examples(painted, CounterNoise(0, range(3))) is painted


@pytest.mark.parametrize("rows", [2, 30, 31])
def test_however_many_rows_they_are_kept_evenly(conditioner_with: Build, rows: int) -> None:
    made = conditioner_with(num_examples=24)
    made.restrict(tokens=False, pooled=True)
    half = [2] * (rows // 2) + [0] * (rows - rows // 2)
    made.keep_examples({"label": torch.tensor(half), "text": ["a"]})
    labels = shares_of(made, drawn(made, 6000), "label", LABELS)
    assert labels == pytest.approx([0.25, 0, 0.25], abs=0.03)


def test_slots_without_values_are_never_told(conditioner_with: Build) -> None:
    made = conditioner_with(num_examples=5)
    made.restrict(tokens=False, pooled=True)
    made.keep_examples({"label": LABELS})
    assert drawn(made, 50).present.tolist() == [[True, False]] * 50
    for values in ({}, {"label": LABELS[:0], "text": []}):
        with pytest.raises(DataError, match="no values of label, text to keep"):
            made.keep_examples(values)


@pytest.mark.parametrize("forms", [{"tokens": True, "pooled": True},
                                   {"tokens": False, "pooled": False},
                                   {"tokens": False, "pooled": True, "absent": False}])  # fmt: skip
def test_only_families_that_read_one_vector_keep_examples(
    conditioner_with: Build, forms: dict[str, bool]
) -> None:
    with pytest.raises(OptionError, match=r"\[conditioner\] num_examples is for generators"):
        conditioner_with(num_examples=2).restrict(**forms)
    made = conditioner_with()
    made.restrict(**forms)
    with pytest.raises(OptionError, match=r"\[conditioner\] num_examples is for generators"):
        made.reserve_examples(2)


def test_one_condition_at_a_time_is_learned_by_dropout(conditioner: Conditioner) -> None:
    conditioner.restrict(tokens=False, pooled=True)
    conditioner.dropout = 0.0
    with pytest.raises(OptionError, match="with 2 of them it learns that"):
        conditioner.reserve_examples(2)


def test_without_examples_nothing_is_as_it_was(conditioner: Conditioner) -> None:
    conditioner.keep_examples({"label": LABELS, "text": TEXTS})
    assert conditioner.num_examples == 0
    found = condition(conditioner)
    assert conditioner.draw_examples(found, CounterNoise(0, range(3))) is found
    assert not [name for name in conditioner.state_dict() if "examples" in name]
