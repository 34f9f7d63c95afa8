"""Plugins are held to the contract without a test file of theirs."""

from collections.abc import Callable
from typing import Any

import pytest

from mmgen.errors import UnsupportedOperationError
from mmgen.testing import NotApplicable, inspection, temporary_plugin
from mmgen.testing.drawing import check_pictures, check_walk
from mmgen.testing.inspection import Finding, inspect_plugin
from mmgen.testing.tiny import plugin as tiny
from mmgen.testing.tiny.network import TinyNet


def only(monkeypatch: pytest.MonkeyPatch, *checks: Callable[..., None]) -> None:
    monkeypatch.setattr(inspection, "GENERATOR_CHECKS", checks)


def inspect() -> dict[tuple[str, str], Finding]:
    with temporary_plugin(tiny, "tiny") as plugin:
        return {(item.name, item.check): item for item in inspect_plugin(plugin)}


def test_what_holds_and_what_does_not_is_told_by_architecture(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def check_nothing(case: Any) -> None:
        """It asks nothing."""
        raise NotApplicable("there is nothing to ask")

    def check_harder(case: Any) -> None:
        """It divides."""
        raise ZeroDivisionError("by nothing")

    only(monkeypatch, check_pictures, check_nothing, check_harder)
    found = inspect()
    assert {name for name, _ in found} == {"tiny-net", "tiny-inpainter"}
    drawn = found["tiny-net", "pictures"]
    assert (drawn.outcome, drawn.reason) == ("holds", "")
    assert drawn.sentence.startswith("`generate` returns N float32 pictures")
    nothing = found["tiny-net", "nothing"]
    assert (nothing.outcome, nothing.reason) == ("not asked", "there is nothing to ask")
    harder = found["tiny-net", "harder"]
    assert (harder.outcome, harder.reason) == ("broken", "ZeroDivisionError: by nothing")


def test_a_broken_sentence_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = TinyNet.sample

    def mixes_the_batch(*given: Any) -> Any:
        pictures = plain(*given)
        return (pictures + pictures.mean(dim=0)) / 2

    monkeypatch.setattr(TinyNet, "sample", mixes_the_batch)
    only(monkeypatch, check_walk)
    found = inspect()["tiny-net", "walk"]
    assert found.outcome == "broken"
    assert "a walk's ends must be drawn" in found.reason


def test_what_cannot_be_guessed_is_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(architecture: Any) -> None:
        raise UnsupportedOperationError("too strange")

    monkeypatch.setattr(inspection, "guess_case", refuse)
    found = inspect()
    assert found
    assert {(item.outcome, item.reason) for item in found.values()} == {
        ("not checked", "too strange")
    }
