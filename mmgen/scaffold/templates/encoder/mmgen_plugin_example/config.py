"""The options: checked, with help that `mmgen info example` shows. No torch here."""

from dataclasses import dataclass

import mmgen
from mmgen.picture_options import PictureChanges


@dataclass(frozen=True, kw_only=True)
class ExampleConfig(mmgen.Options):
    """What the network is like; saved with its weights."""

    classes: tuple[str, ...] = mmgen.option(
        (), help="what it tells apart, taken from the data; none: it embeds only"
    )
    channels: int = mmgen.option(1, choices=(1, 3, 4), help="of the pictures; taken from the data")
    height: int = mmgen.option(8, minimum=1, unit="px", help="of the pictures; taken from the data")
    width: int = mmgen.option(8, minimum=1, unit="px", help="of the pictures; taken from the data")
    widths: tuple[int, ...] = mmgen.option(
        (32, 64), minimum=1, help="channels of the maps; each but the first halves the sides"
    )

    def check(self) -> None:
        """Demand one map or more."""
        if not self.widths:
            raise mmgen.errors.OptionError("widths needs one number or more; got none")


@dataclass(frozen=True, kw_only=True)
class ExampleTraining(PictureChanges):
    """What `mmgen train example --set trainer.…` takes, besides what is done to the pictures."""

    label_smoothing: float = mmgen.option(
        0.1, minimum=0.0, maximum=0.9, help="share of the target that is spread over all classes"
    )
