"""Checks of abilities beyond generate find what they are there to find."""

from typing import Any

import pytest
import torch
from torch import Tensor

from mmgen.interfaces import LogLikelihood
from mmgen.testing import ContractError, NotApplicable
from mmgen.testing.abilities import (
    ABILITY_CHECKS,
    check_interpolation,
    check_latents,
    check_likelihood,
    check_reconstruction,
    check_tokens,
)
from mmgen.testing.tiny.network import TinyNet


class Able(TinyNet):
    """Has every ability, in the simplest way."""

    codebook_size = 2
    unit, kind, data_space, num_samples = "nats", "exact", "binary", 0

    def encode(self, images: Tensor, *, space: str = "z", **conditions: Any) -> Tensor:
        self.semantic_condition(conditions, len(images))
        return self.encoder(images.flatten(1))

    def decode(self, latents: Tensor, **conditions: Any) -> Tensor:
        return self.forward(latents, self.semantic_condition(conditions, len(latents)))

    def reconstruct(self, images: Tensor, **conditions: Any) -> Tensor:
        return self.decode(self.encode(images), **conditions)

    def interpolate(self, a: Tensor, b: Tensor, steps: int, **conditions: Any) -> Tensor:
        one, two = self.encode(a[None]), self.encode(b[None])
        return self.decode(one + torch.linspace(0, 1, steps)[:, None] * (two - one), **conditions)

    def log_likelihood(self, images: Tensor, **settings: Any) -> LogLikelihood:
        values = images.double().mean(dim=(1, 2, 3)).log()
        return LogLikelihood(
            values=self.measured(values, settings),
            data_space=self.data_space,
            kind=self.kind,
            num_samples=self.num_samples,
            unit=self.unit,
        )

    def measured(self, values: Tensor, settings: dict[str, Any]) -> Tensor:
        return values

    def tokenize(self, images: Tensor) -> Tensor:
        return (images.mean(dim=1) > 0.5).long()

    def detokenize(self, tokens: Tensor) -> Tensor:
        return tokens[:, None].float()


@pytest.mark.parametrize("check", ABILITY_CHECKS)
def test_abilities_as_they_should_be_pass(broken: Any, check: Any) -> None:
    check(broken(Able))


@pytest.mark.parametrize("check", ABILITY_CHECKS)
def test_models_without_an_ability_are_not_asked(broken: Any, check: Any) -> None:
    with pytest.raises(NotApplicable, match="has no"):
        check(broken(TinyNet))


class NormalisesTheBatch(Able):
    def encode(self, images: Tensor, *, space: str = "z", **conditions: Any) -> Tensor:
        return super().encode(images - images.mean(dim=0))


class OneLatent(Able):
    def encode(self, images: Tensor, *, space: str = "z", **conditions: Any) -> Tensor:
        return super().encode(images)[:1]


class DecodesToLogits(Able):
    def decode(self, latents: Tensor, **conditions: Any) -> Tensor:
        return super().decode(latents, **conditions).logit()


class LeavesConditionsUnread(Able):
    def encode(self, images: Tensor, *, space: str = "z", **conditions: Any) -> Tensor:
        return super().encode(images)

    def reconstruct(self, images: Tensor, **conditions: Any) -> Tensor:
        return super().reconstruct(images, label=conditions.get("label"))


class LeavesWeightsUnread(Able):
    def decode(self, latents: Tensor, **conditions: Any) -> Tensor:
        return super().decode(latents, **{**conditions, "weights": None})


class JumpsAtTheEnd(Able):
    def interpolate(self, a: Tensor, b: Tensor, steps: int, **conditions: Any) -> Tensor:
        way = super().interpolate(a, b, steps)
        return torch.cat([way[:-1], b[None]])


class ForgetsTheConditions(Able):
    def interpolate(self, a: Tensor, b: Tensor, steps: int, **conditions: Any) -> Tensor:
        return super().interpolate(a, b, steps)


class OneStepShort(Able):
    def interpolate(self, a: Tensor, b: Tensor, steps: int, **conditions: Any) -> Tensor:
        return super().interpolate(a, b, steps - 1)


class SinglePrecision(Able):
    def measured(self, values: Tensor, settings: dict[str, Any]) -> Tensor:
        return values.float()


class InBits(Able):
    unit = "bits"


class OtherSpace(Able):
    data_space = "16-bit"


class CountsNoSamples(Able):
    kind = "importance-sampled bound"


class OtherEachTime(Able):
    def measured(self, values: Tensor, settings: dict[str, Any]) -> Tensor:
        return values + torch.rand(1).double()


class MixesPictures(Able):
    def measured(self, values: Tensor, settings: dict[str, Any]) -> Tensor:
        return values - values.mean() if settings["batch_size"] > 1 else values


class TooManyTokens(Able):
    codebook_size = 1


class FloatTokens(Able):
    def tokenize(self, images: Tensor) -> Tensor:
        return super().tokenize(images).float()


@pytest.mark.parametrize(
    ("network", "check", "words"),
    [
        (NormalisesTheBatch, check_latents, "must not mix"),
        (OneLatent, check_latents, "N rows"),
        (DecodesToLogits, check_latents, r"\[0, 1\]"),
        (LeavesConditionsUnread, check_latents, r"encode\(.*smell='roses'\) must be refused"),
        (LeavesConditionsUnread, check_reconstruction, "must be refused"),
        (LeavesWeightsUnread, check_latents, "weight 0 must be as if it were not given"),
        (LeavesWeightsUnread, check_interpolation, "weight 0 must be as if it were not given"),
        (DecodesToLogits, check_reconstruction, r"\[0, 1\]"),
        (NormalisesTheBatch, check_reconstruction, "must not mix"),
        (JumpsAtTheEnd, check_interpolation, "the way back"),
        (OneStepShort, check_interpolation, "shape"),
        (ForgetsTheConditions, check_interpolation, "the last condition"),
        (SinglePrecision, check_likelihood, "float64"),
        (InBits, check_likelihood, "nats"),
        (OtherSpace, check_likelihood, "data_space"),
        (CountsNoSamples, check_likelihood, "num_samples"),
        (OtherEachTime, check_likelihood, "same values"),
        (MixesPictures, check_likelihood, "must not mix"),
        (TooManyTokens, check_tokens, "0 to 0"),
        (FloatTokens, check_tokens, "int64"),
    ],
)
def test_abilities_that_break_their_promise_are_found(
    broken: Any, network: type, check: Any, words: str
) -> None:
    with pytest.raises(ContractError, match=words):
        check(broken(network))
