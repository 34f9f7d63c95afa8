"""An encoder that no family has seen: it shows that a generator takes any condition.

It is a plugin of its own, registered only while a check runs.
"""

from dataclasses import dataclass

from mmgen.families import API_VERSION, Architecture, Family
from mmgen.hookspecs import hookimpl
from mmgen.options import Options, option

MMGEN_API = API_VERSION
NAME = "contract-words"


@dataclass(frozen=True, kw_only=True)
class WordsConfig(Options):
    """The letters of a text as tokens."""

    width: int = option(6, minimum=1, help="length of a letter's vector")


@hookimpl
def mmgen_families() -> list[Family]:
    """The one encoder."""
    words = Architecture(
        name=NAME,
        summary="letters as tokens, for tests",
        kind="encoder",
        network="mmgen.testing.words:WordsEncoder",
        config=WordsConfig,
        tasks=("feature-extraction",),
    )
    return [
        Family(name="contract", summary="what the contract's tests need", architectures=(words,))
    ]
