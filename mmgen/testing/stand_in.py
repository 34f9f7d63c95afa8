"""Encoders that no family has seen: they show that a generator takes any condition.

They are a plugin of their own, registered only while a check runs.
"""

from dataclasses import dataclass

from mmgen.families import API_VERSION, Architecture, Family
from mmgen.hookspecs import hookimpl
from mmgen.options import Options, option

MMGEN_API = API_VERSION
NAME = "contract-words"
PIXELS = "contract-pixels"


@dataclass(frozen=True, kw_only=True)
class WordsConfig(Options):
    """The letters of a text as tokens."""

    width: int = option(6, minimum=1, help="length of a letter's vector")


@dataclass(frozen=True, kw_only=True)
class PixelsConfig(Options):
    """The rows of a picture as tokens."""

    channels: int = option(3, choices=(1, 3), help="of the pictures")
    height: int = option(8, minimum=1, unit="px", help="of the pictures")
    width: int = option(8, minimum=1, unit="px", help="of the pictures")
    features: int = option(6, minimum=1, help="length of a row's vector")


@hookimpl
def mmgen_families() -> list[Family]:
    """The two encoders."""
    words = Architecture(
        name=NAME,
        summary="letters as tokens, for tests",
        kind="encoder",
        network="mmgen.testing.words:WordsEncoder",
        config=WordsConfig,
        tasks=("feature-extraction",),
    )
    pixels = Architecture(
        name=PIXELS,
        summary="rows of pixels as tokens, for tests",
        kind="encoder",
        network="mmgen.testing.pixels:PixelsEncoder",
        config=PixelsConfig,
        tasks=("image-feature-extraction",),
    )
    summary = "what the contract's tests need"
    return [Family(name="contract", summary=summary, architectures=(words, pixels))]
