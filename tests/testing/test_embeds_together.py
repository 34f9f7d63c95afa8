"""The check of models with several modalities in one space finds what it is there to find."""

from collections.abc import Iterator
from typing import Any

import meeting
import pytest
import torch
from torch import Tensor

from mmgen.testing import ContractError, EncoderCase, temporary_plugin
from mmgen.testing.contract import ENCODER_CHECKS
from mmgen.testing.embedding import check_embeds_together
from mmgen.testing.outcome import NotApplicable

PICTURES = torch.rand(3, 1, 4, 6, generator=torch.Generator().manual_seed(0))


class NotUnit(meeting.Meeting):
    def embed(self, **values: Any) -> dict[str, Tensor]:
        return {name: 2 * found for name, found in super().embed(**values).items()}


class MixesRows(meeting.Meeting):
    def embed(self, **values: Any) -> dict[str, Tensor]:
        found = super().embed(**values)
        return {
            name: torch.nn.functional.normalize(rows + 0.3 * rows.mean(dim=0))
            for name, rows in found.items()
        }


class AllAlike(meeting.Meeting):
    def embed(self, **values: Any) -> dict[str, Tensor]:
        found = super().embed(**values)
        return {name: torch.ones_like(rows) / self.width**0.5 for name, rows in found.items()}


class TakesAnything(meeting.Meeting):
    def embed(self, **values: Any) -> dict[str, Tensor]:
        known = {slot.name for slot in self.slots}
        return super().embed(**{name: value for name, value in values.items() if name in known} or
                             {"text": "x"})  # fmt: skip


@pytest.fixture
def case(request: pytest.FixtureRequest) -> Iterator[EncoderCase]:
    with temporary_plugin(meeting.plugin(request.param), "meeting"):
        yield EncoderCase(
            architecture="meeting",
            config={},
            values=PICTURES,
            conditions={
                "image": {"encoder": "contract-pixels"},
                "text": {"encoder": "contract-words"},
            },
        )


@pytest.mark.parametrize(
    ("case", "words"),
    [
        (NotUnit, "must have length 1"),
        (MixesRows, "must not depend on the batch"),
        (AllAlike, "must differ where values do"),
        (TakesAnything, "such a slot must be refused"),
    ],
    indirect=["case"],
)
def test_models_that_break_a_rule_are_found(case: EncoderCase, words: str) -> None:
    with pytest.raises(ContractError, match=words):
        check_embeds_together(case)


@pytest.mark.parametrize("case", [meeting.Meeting], indirect=True)
def test_a_sound_model_keeps_the_whole_contract(case: EncoderCase) -> None:
    left = {"check_registration_is_light"}  # asks for an installed plugin
    for check in ENCODER_CHECKS:
        if check.__name__ not in left:
            try:
                check(case)
            except NotApplicable:
                continue
