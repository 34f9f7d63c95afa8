"""Checks of encoders find what they are there to find."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from mmgen.errors import UnknownNameError
from mmgen.families import API_VERSION, Architecture, Family
from mmgen.hookspecs import hookimpl
from mmgen.interfaces import Embedding
from mmgen.slots import Slot
from mmgen.testing import ContractError, EncoderCase, temporary_plugin
from mmgen.testing.embedding import (
    check_embedding,
    check_encoder_conditions,
    check_encoder_is_saved_whole,
    check_encoder_slot,
    check_prepare,
    check_values_do_not_mix,
)
from mmgen.testing.stand_in import WordsConfig
from mmgen.testing.words import WordsEncoder


class DropsOne(WordsEncoder):
    def prepare(self, values: Any) -> dict[str, Tensor]:
        return {"letters": super().prepare(values)["letters"][1:]}


class RandomWords(WordsEncoder):
    def prepare(self, values: Any) -> dict[str, Tensor]:
        letters = super().prepare(values)["letters"]
        return {"letters": letters[:, torch.randperm(letters.shape[1])]}


class ReadsItsWeights(WordsEncoder):
    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.first = int(torch.randint(1, 100, ()))

    def prepare(self, values: Any) -> dict[str, Tensor]:
        return {"letters": (super().prepare(values)["letters"] + self.first) % 128}


class Widened(WordsEncoder):
    def forward(self, *, letters: Tensor) -> Embedding:  # type: ignore[override]
        found = super().forward(letters=letters)
        return Embedding(found.tokens, found.token_mask, torch.cat([found.pooled] * 2, dim=1))


class FloatMask(WordsEncoder):
    def forward(self, *, letters: Tensor) -> Embedding:  # type: ignore[override]
        found = super().forward(letters=letters)
        return Embedding(found.tokens, found.token_mask.float(), found.pooled)


class NoTokens(WordsEncoder):
    def forward(self, *, letters: Tensor) -> Embedding:  # type: ignore[override]
        found = super().forward(letters=letters)
        return Embedding(found.tokens, torch.zeros_like(found.token_mask), found.pooled)


class MixesValues(WordsEncoder):
    def forward(self, *, letters: Tensor) -> Embedding:  # type: ignore[override]
        found = super().forward(letters=letters)
        return Embedding(found.tokens, found.token_mask, found.pooled - found.pooled.mean(dim=0))


class AllAlike(WordsEncoder):
    def forward(self, *, letters: Tensor) -> Embedding:  # type: ignore[override]
        return super().forward(letters=torch.ones_like(letters))


class OtherSlot(WordsEncoder):
    def slot(self, name: str, *, required: bool = False) -> Slot:
        return Slot(name="text", modality="text")


class UnknownModality(WordsEncoder):
    modality = "smell"


class NotSaved(WordsEncoder):
    def own_state(self) -> dict[str, Tensor]:
        return {name: tensor.half() for name, tensor in super().own_state().items()}


class CutsGradients(WordsEncoder):
    def forward(self, *, letters: Tensor) -> Embedding:  # type: ignore[override]
        found = super().forward(letters=letters)
        return Embedding(found.tokens.detach(), found.token_mask, found.pooled.detach())


@pytest.fixture
def encoder_case(request: pytest.FixtureRequest) -> Iterator[EncoderCase]:
    network: type = request.param
    found = Architecture(
        name="broken-words",
        summary="breaks a rule",
        kind="encoder",
        network=f"{__name__}:{network.__name__}",
        config=WordsConfig,
    )
    family = Family(name="broken", summary="", architectures=(found,))
    hook = hookimpl(specname="mmgen_families")(lambda: [family])
    with temporary_plugin(SimpleNamespace(MMGEN_API=API_VERSION, mmgen_families=hook), "broken"):
        yield EncoderCase(
            architecture="broken-words", config={}, values=["one", "two words", "three"]
        )


@pytest.mark.parametrize(
    ("encoder_case", "check", "words"),
    [
        (DropsOne, check_prepare, r"\(N, …\)"),
        (RandomWords, check_prepare, "again"),
        (ReadsItsWeights, check_prepare, "config and assets alone"),
        (Widened, check_embedding, "pooled must have shape"),
        (FloatMask, check_embedding, "bool"),
        (NoTokens, check_embedding, "at least one token"),
        (MixesValues, check_values_do_not_mix, "same embedding alone"),
        (AllAlike, check_values_do_not_mix, "different embeddings"),
        (OtherSlot, check_encoder_slot, "name it is given"),
        (NotSaved, check_encoder_is_saved_whole, "must be the same"),
        (CutsGradients, check_encoder_conditions, "gradients"),
    ],
    indirect=["encoder_case"],
)
def test_encoders_that_break_a_rule_are_found(
    encoder_case: EncoderCase, check: Any, words: str
) -> None:
    with pytest.raises(ContractError, match=words):
        check(encoder_case)


@pytest.mark.parametrize("encoder_case", [UnknownModality], indirect=True)
def test_a_modality_that_nobody_registered_is_found(encoder_case: EncoderCase) -> None:
    with pytest.raises(UnknownNameError, match="smell"):
        check_encoder_slot(encoder_case)


@pytest.mark.parametrize("encoder_case", [WordsEncoder], indirect=True)
def test_fewer_than_three_values_are_not_enough(encoder_case: EncoderCase) -> None:
    few = EncoderCase(architecture=encoder_case.architecture, config={}, values=["a"])
    with pytest.raises(ContractError, match="three values"):
        check_prepare(few)
