"""Small networks are guessed from an architecture's options, and tried out."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest
import torch

from mmgen.errors import OptionError, UnsupportedOperationError
from mmgen.families import API_VERSION, Family
from mmgen.hookspecs import hookimpl
from mmgen.options import Options, option
from mmgen.plugins import manager
from mmgen.testing import EncoderCase, GeneratorCase, stand_in, temporary_plugin
from mmgen.testing.guessing import _values, guess_case
from mmgen.testing.tiny import plugin as tiny
from mmgen.testing.tiny.network import TinyNet
from mmgen.testing.tiny.plugin import architecture


@dataclass(frozen=True, kw_only=True)
class FussyConfig(Options):
    """Sides are multiples of 16, and pictures in colour."""

    channels: int = option(3, choices=(3, 4), help="of the pictures")
    height: int = option(64, minimum=16, unit="px", help="of the pictures")
    width: int = option(64, minimum=16, unit="px", help="of the pictures")
    hidden: int = option(500, minimum=12, help="units")
    widths: tuple[int, ...] = option((64, 4), help="of the layers")
    wanted: int = option(minimum=20, help="has no default")

    def check(self) -> None:
        if self.height % 16 or self.width % 16 or self.height > 100:
            raise OptionError("sides are multiples of 16 up to 100")


@dataclass(frozen=True, kw_only=True)
class FussySampling(Options):
    steps: int = option(500, minimum=5, help="of the way")


class FussyNet(TinyNet):
    generation: Any = FussySampling


@pytest.fixture
def fussy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    module = ModuleType("fussy")
    vars(module)["FussyNet"] = FussyNet
    monkeypatch.setitem(sys.modules, "fussy", module)
    found = architecture(
        "fussy-net", "fussy:FussyNet", config=FussyConfig, generation=FussySampling
    )

    class Plugin:
        MMGEN_API = API_VERSION

        @hookimpl
        def mmgen_families(self) -> list[Family]:
            return [Family(name="fussy", summary="hard to please", architectures=(found,))]

    with temporary_plugin(Plugin(), "fussy"):
        yield found


def test_the_smallest_that_can_be_built_is_taken(fussy: Any) -> None:
    case = guess_case(fussy)
    assert isinstance(case, GeneratorCase)
    sizes = {"channels": 3, "height": 16, "width": 16}
    assert case.config == {**sizes, "hidden": 12, "widths": (8, 4), "wanted": 20}
    assert case.options == {"steps": 5}
    assert case.colour == {"channels": 3}
    assert case.non_square == {"width": 32}
    assert isinstance(case.large, str)
    assert "up to 100" in case.large


def test_a_text_encoder_gets_texts() -> None:
    with temporary_plugin(stand_in, "stand_in"):
        case = guess_case(manager().architecture(stand_in.NAME)[2])
    assert isinstance(case, EncoderCase)
    assert len(set(case.values)) >= 3


def test_an_encoder_that_joins_others_is_left_to_its_author() -> None:
    network = "mmgen.testing.tiny.network:TinyNet"
    joins = architecture("joins", network, kind="encoder", joins_encoders=True, generation=None)
    with pytest.raises(UnsupportedOperationError, match="only its author can say"):
        guess_case(joins)


def test_what_cannot_be_guessed_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Any, *_: Any, **__: Any) -> None:
        raise ValueError("never")

    monkeypatch.setattr(TinyNet, "__init__", fail)
    with temporary_plugin(tiny, "tiny"):
        found = manager().architecture("tiny-net")[2]
        with pytest.raises(UnsupportedOperationError, match=r"guessed \(never\)"):
            guess_case(found)


def test_clips_are_of_unequal_lengths() -> None:
    clips = _values("audio", {})
    assert len({len(clip) for clip in clips}) == len(clips)
    assert all(clip.abs().max() <= 1 and torch.isfinite(clip).all() for clip in clips)
