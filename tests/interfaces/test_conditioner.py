"""Conditions: any subset may be given, and what is left out has a stand-in that learns."""

from itertools import product
from typing import Any

import pytest
import torch

from mmgen.errors import UnsupportedConditionError
from mmgen.interfaces import Condition, Conditioner
from mmgen.testing.stand_in import WordsConfig
from mmgen.testing.words import WordsEncoder

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


def test_without_is_the_same_as_not_given(conditioner: Conditioner) -> None:
    full = condition(conditioner, **VALUES)
    for slot, rest in (("label", {"text": TEXTS}), ("text", {"label": LABELS}), (None, {})):
        cut, given = full.without(slot), condition(conditioner, **rest)
        torch.testing.assert_close(cut.pooled, given.pooled)
        assert torch.equal(cut.present, given.present)
        # Tokens of what is left out are one stand-in; the rest is masked.
        kept = cut.tokens[cut.token_mask]
        torch.testing.assert_close(kept, given.tokens[given.token_mask])


def test_each_row_can_be_told_something_else(conditioner: Conditioner) -> None:
    full = condition(conditioner, **VALUES)
    present = torch.tensor([[True, True], [False, True], [False, False]])
    cut = full.given(present)
    others = [full, full.without("label"), full.without()]
    for row, other in enumerate(others):
        torch.testing.assert_close(cut.pooled[row], other.pooled[row])
    assert torch.equal(cut.present, present)


def test_without_leaves_the_condition_alone(conditioner: Conditioner) -> None:
    full = condition(conditioner, **VALUES)
    before = full.pooled.clone()
    full.without()
    assert torch.equal(full.pooled, before)
    assert full.present.all()


def test_without_an_unknown_slot_is_an_error(conditioner: Conditioner) -> None:
    with pytest.raises(UnsupportedConditionError, match="'smell'; semantic slots: label, text"):
        condition(conditioner, **VALUES).without("smell")


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


def test_in_the_mean_each_slot_counts_as_by_itself_over_their_number(
    conditioner: Conditioner,
) -> None:
    conditioner.join = "mean"
    both = condition(conditioner, **VALUES)
    alone = [condition(conditioner, **{name: value}).pooled for name, value in VALUES.items()]
    torch.testing.assert_close(both.pooled, torch.stack(alone).mean(dim=0))
    torch.testing.assert_close(both.without("text").pooled, alone[0])
    torch.testing.assert_close(both.rows(torch.tensor([1])).without("label").pooled, alone[1][1:2])
    nothing = condition(conditioner).pooled
    torch.testing.assert_close(both.without().pooled, nothing)
    half = both.weighted({"text": 0.5}).pooled
    torch.testing.assert_close(half, (alone[0] + torch.lerp(nothing, alone[1], 0.5)) / 2)


def test_one_slot_joins_to_the_same_by_sum_and_by_mean(conditioner: Conditioner) -> None:
    summed = condition(conditioner, text=TEXTS).pooled
    conditioner.join = "mean"
    torch.testing.assert_close(condition(conditioner, text=TEXTS).pooled, summed)


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


def test_rows_of_a_condition_are_those_of_its_pictures(conditioner: Conditioner) -> None:
    whole = condition(conditioner, **VALUES)
    rows = whole.rows(torch.tensor([2, 0, 2, 1]))
    assert len(rows) == 4
    for field in ("tokens", "token_mask", "pooled", "present"):
        assert torch.equal(getattr(rows, field), getattr(whole, field)[[2, 0, 2, 1]])
    torch.testing.assert_close(rows.without("label").pooled[1], whole.without("label").pooled[0])
    told = conditioner(
        VALUES, num_images=3, device="cpu", spatial={"image": torch.rand(3, 1, 2, 2)}
    )
    assert torch.equal(told.rows(torch.tensor([1])).spatial["image"], told.spatial["image"][1:2])


def test_weights_lie_on_the_line_from_not_given_through_what_is_given(
    conditioner: Conditioner,
) -> None:
    full, none = condition(conditioner, **VALUES), condition(conditioner, label=LABELS)
    for weight in (-1.0, 0.5, 3.0):
        found = full.weighted({"text": weight})
        torch.testing.assert_close(found.pooled, none.pooled + weight * (full.pooled - none.pooled))
        absent = conditioner.absent["text"]
        torch.testing.assert_close(found.tokens[:, 0], full.tokens[:, 0])  # the label's
        expected = absent + weight * (full.tokens[:, 1:] - absent)
        torch.testing.assert_close(found.tokens[:, 1:], expected)
        assert torch.equal(found.token_mask, full.token_mask)
        assert torch.equal(found.present, full.present)


def test_a_weight_of_zero_is_not_given_and_of_one_changes_nothing(conditioner: Conditioner) -> None:
    full = condition(conditioner, **VALUES)
    for found, expected in (
        (full.weighted({"text": 0}), full.without("text")),
        (full.weighted({"text": 0, "label": 0}), full.without()),
        (full.weighted({"text": 1}), full),
        (full.weighted({}), full),
    ):
        assert torch.equal(found.pooled, expected.pooled)
        assert torch.equal(found.tokens, expected.tokens)
        assert torch.equal(found.token_mask, expected.token_mask)
        assert torch.equal(found.present, expected.present)


def test_branches_of_guidance_keep_the_weights_of_the_rest(conditioner: Conditioner) -> None:
    found = condition(conditioner, **VALUES).weighted({"text": 2, "label": 3}).without("label")
    expected = condition(conditioner, text=TEXTS).weighted({"text": 2})
    torch.testing.assert_close(found.pooled, expected.pooled)


def test_what_is_not_given_has_no_weight_to_feel(conditioner: Conditioner) -> None:
    some = condition(conditioner, label=LABELS, text=["", *TEXTS[1:]])
    found = some.weighted({"text": 4})
    assert torch.equal(found.pooled[0], some.pooled[0])
    assert not torch.equal(found.pooled[1], some.pooled[1])


def test_a_weight_of_no_slot_is_an_error(conditioner: Conditioner) -> None:
    with pytest.raises(UnsupportedConditionError, match=r"'sound'.*label, text"):
        condition(conditioner, **VALUES).weighted({"sound": 2})
