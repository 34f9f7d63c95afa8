"""What was given for pictures: slots left out, weighted and joined."""

from typing import Any

import pytest
import torch

from mmgen.errors import UnsupportedConditionError
from mmgen.interfaces import Condition, Conditioner
from mmgen.interfaces.condition import SlotEmbedding

LABELS = torch.tensor([0, 1, 2])
TEXTS = ["one", "three words here", "one"]
VALUES: dict[str, Any] = {"label": LABELS, "text": TEXTS}


def condition(conditioner: Conditioner, **values: Any) -> Condition:
    return conditioner(values, num_images=3, device="cpu")


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


def test_in_the_mean_a_slot_counts_as_much_as_its_weight(conditioner: Conditioner) -> None:
    conditioner.join = "mean"
    both = condition(conditioner, **VALUES)
    label, text = (condition(conditioner, **{name: value}) for name, value in VALUES.items())
    nothing = condition(conditioner).pooled
    half = both.weighted({"text": 0.5}).pooled
    shares = (label.pooled - nothing) + 0.5 * (text.pooled - nothing)
    torch.testing.assert_close(half, nothing + shares / 1.5)
    for weight in (0.0, 1e-6, -1e-6):  # no leap where it begins to count
        little = both.weighted({"text": weight}).pooled
        torch.testing.assert_close(little, label.pooled, atol=1e-5, rtol=0)
    alone = text.weighted({"text": 0.5})
    torch.testing.assert_close(alone.pooled, torch.lerp(nothing, text.pooled, 0.5))
    index = torch.tensor([2, 0])
    torch.testing.assert_close(
        both.weighted({"text": 0.5}).rows(index).given(torch.ones(2, 2, dtype=torch.bool)).pooled,
        half[index],
    )


def test_one_slot_joins_to_the_same_by_sum_and_by_mean(conditioner: Conditioner) -> None:
    summed = condition(conditioner, text=TEXTS).pooled
    conditioner.join = "mean"
    torch.testing.assert_close(condition(conditioner, text=TEXTS).pooled, summed)


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


def test_between_two_conditions_all_goes_straight(conditioner: Conditioner) -> None:
    start = condition(conditioner, label=LABELS, text=["one"] * 3)
    end = condition(conditioner, label=LABELS, text=["three words here"] * 3)
    found = start.towards(end, torch.tensor([0.0, 0.25, 1.0]))
    for row, whole in ((0, start), (2, end)):
        kept = whole.token_mask[row]
        torch.testing.assert_close(found.pooled[row], whole.pooled[row])
        torch.testing.assert_close(
            found.tokens[row][found.token_mask[row]], whole.tokens[row][kept]
        )
    torch.testing.assert_close(found.pooled[1], torch.lerp(start.pooled[1], end.pooled[1], 0.25))
    assert found.token_mask[1].sum() > end.token_mask[1].sum()
    torch.testing.assert_close(
        found.without("text").pooled, condition(conditioner, label=LABELS).pooled
    )


def test_on_the_way_the_shorter_has_its_tokens_several_times() -> None:
    absent = torch.zeros(1)

    def slot(*tokens: float, room: int) -> SlotEmbedding:
        padded = torch.tensor([*tokens, *[9.0] * (room - len(tokens))])[None, :, None]
        mask = (torch.arange(room) < len(tokens))[None]
        return SlotEmbedding(padded, mask, torch.zeros(1, 1), absent, absent)

    few, many = slot(1.0, 2.0, room=3), slot(5.0, 6.0, 7.0, 8.0, room=6)
    found = few.towards(many, torch.tensor([1e-7]))
    assert found.token_mask.tolist() == [[True] * 4]
    torch.testing.assert_close(found.tokens[0, :4, 0], torch.tensor([1.0, 1.0, 2.0, 2.0]))
    found = many.towards(few, torch.tensor([1.0]))
    torch.testing.assert_close(found.tokens[found.token_mask][:, 0], torch.tensor([1.0, 2.0]))
    three = slot(3.0, 4.0, 5.0, room=3)
    found = few.towards(three, torch.tensor([0.5]))
    assert found.tokens[0, :, 0].tolist() == [2.0, 2.0, 2.5, 3.0, 3.5, 3.5]  # 6 of each
    long = slot(*range(100, 109), room=9)
    assert few.towards(long, torch.tensor([0.5])).token_mask.sum() == 18
    assert slot(*range(7), room=7).towards(long, torch.tensor([0.5])).token_mask.sum() == 9
    none = few.token_mask[:, :0]
    nothing = SlotEmbedding(torch.zeros(1, 0, 1), none, torch.zeros(1, 1), absent, absent)
    assert nothing.towards(nothing, torch.tensor([0.5])).tokens.shape == (1, 0, 1)
