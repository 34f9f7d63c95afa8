"""Checks of conditions and refusals find what they are there to find."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from torch import Tensor

from mmgen.interfaces import Condition, Noise, Samples
from mmgen.options import Options, option
from mmgen.testing import ContractError, NotApplicable
from mmgen.testing.answering import (
    check_every_slot_changes_the_pictures,
    check_known_pixels_are_kept,
    check_rows_are_independent,
    check_unknown_inputs_are_refused,
)
from mmgen.testing.tiny.network import TinyInpainter, TinyNet


class Deaf(TinyNet):
    def sample(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
        return super().sample(condition.without(), rng, options)


class DeafToText(TinyNet):
    def sample(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
        return super().sample(condition.without("text"), rng, options)


class IgnoresMask(TinyInpainter):
    def sample(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
        whole = {name: torch.ones_like(x) for name, x in condition.spatial.items()}
        spatial = {**condition.spatial, **{k: v for k, v in whole.items() if k == "mask"}}
        return super().sample(replace(condition, spatial=spatial), rng, options)


@pytest.mark.parametrize(
    ("network", "slot"), [(Deaf, "label"), (DeafToText, "text"), (IgnoresMask, "image")]
)
def test_a_slot_without_effect_is_found(broken: Any, network: type, slot: str) -> None:
    with pytest.raises(ContractError, match=f"slot '{slot}' must change"):
        check_every_slot_changes_the_pictures(broken(network))


class SharesConditions(TinyNet):
    def sample(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
        mean = condition.pooled.mean(dim=0, keepdim=True).expand_as(condition.pooled)
        return super().sample(replace(condition, pooled=mean), rng, options)


def test_conditions_that_reach_other_pictures_are_found(broken: Any) -> None:
    with pytest.raises(ContractError, match="leave pictures 0 and 2 alone"):
        check_rows_are_independent(broken(SharesConditions))


class SmearsKnownPixels(TinyInpainter):
    def sample(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
        pictures = super().sample(condition, rng, options)
        return (pictures + 0.01).clamp(0, 1)


def test_known_pixels_that_change_are_found(broken: Any) -> None:
    with pytest.raises(ContractError, match="mask keeps"):
        check_known_pixels_are_kept(broken(SmearsKnownPixels))
    with pytest.raises(NotApplicable):
        check_known_pixels_are_kept(broken(TinyNet))


class SwallowsTypos(TinyNet):
    def generate(self, num_images: Any = None, **inputs: Any) -> Samples:  # type: ignore[override,misc]
        inputs.pop("no_such_option", None)
        return super().generate(num_images, **inputs)


class RaisesItsOwnErrors(TinyNet):
    def generate(self, num_images: Any = None, **inputs: Any) -> Samples:  # type: ignore[override,misc]
        if "no_such_option" in inputs:
            raise KeyError("no_such_option")
        return super().generate(num_images, **inputs)


class RemembersRefusedCalls(TinyNet):
    refused = 0

    def generate(self, num_images: Any = None, **inputs: Any) -> Samples:  # type: ignore[override,misc]
        try:
            return super().generate(num_images, **inputs)
        except Exception:
            self.refused += 1
            raise

    def sample(self, condition: Condition, rng: Noise, options: Any) -> Tensor:
        return super().sample(condition, rng, options) / (1 + self.refused)


@dataclass(frozen=True, kw_only=True)
class Unchecked(Options):
    """Takes any temperature."""

    temperature: float = option(1.0, minimum=0.0, help="spread")
    output: str = option("mean", help="which")

    def __post_init__(self) -> None:
        """Check nothing."""


class ChecksNoRange(TinyNet):
    generation = Unchecked


@pytest.mark.parametrize(
    ("network", "words"),
    [
        (SwallowsTypos, "no_such_option.*must be refused"),
        (RaisesItsOwnErrors, "OptionError; got KeyError"),
        (RemembersRefusedCalls, "leave the model as it was"),
        (ChecksNoRange, "temperature='not a number' must be refused"),
    ],
)
def test_bad_inputs_that_are_not_refused_are_found(broken: Any, network: type, words: str) -> None:
    with pytest.raises(ContractError, match=words):
        check_unknown_inputs_are_refused(broken(network))
