"""The options: checked, with help that `mmgen info example` shows. No torch here."""

from dataclasses import dataclass

import mmgen


@dataclass(frozen=True, kw_only=True)
class ExampleConfig(mmgen.Options):
    """What the network is like; saved with its weights."""

    channels: int = mmgen.option(1, choices=(1, 3, 4), help="of the pictures; taken from the data")
    height: int = mmgen.option(8, minimum=1, unit="px", help="of the pictures; taken from the data")
    width: int = mmgen.option(8, minimum=1, unit="px", help="of the pictures; taken from the data")
    hidden: int = mmgen.option(256, minimum=1, help="units of each layer")
    depth: int = mmgen.option(3, minimum=1, maximum=64, help="layers")


@dataclass(frozen=True, kw_only=True)
class ExampleGeneration(mmgen.Options):
    """What `mmgen run example --set …` takes."""

    steps: int = mmgen.option(20, minimum=1, maximum=1000, help="from noise to the picture")


@dataclass(frozen=True, kw_only=True)
class ExampleTraining(mmgen.Options):
    """What `mmgen train example --set trainer.…` takes."""

    evaluation_times: int = mmgen.option(
        8, minimum=1, help="times at which the error on a held-out picture is measured"
    )
