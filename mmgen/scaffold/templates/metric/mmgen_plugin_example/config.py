"""The options: checked, with help. No torch here."""

from dataclasses import dataclass

import mmgen
from mmgen.metrics import SamplingOptions


@dataclass(frozen=True, kw_only=True)
class ExampleOptions(SamplingOptions):
    """What `mmgen evaluate --metric example --set …` takes, besides which pictures are drawn."""

    distance: int = mmgen.option(1, minimum=1, unit="px", help="from a pixel to its neighbour")
