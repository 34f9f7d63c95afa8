"""Training options that all have who learn from randomly changed pictures. No torch here."""

from dataclasses import dataclass

from mmgen.options import Options, option


@dataclass(frozen=True, kw_only=True)
class PictureChanges(Options):
    """What is done to each picture before it is learned from: see `mmgen.nn.change_pictures`."""

    shift: float = option(
        0.0, minimum=0.0, maximum=0.5, help="pictures are moved by up to this part of their sides"
    )
    rotate: float = option(
        0.0, minimum=0.0, maximum=180.0, unit="degrees", help="and turned by up to this"
    )
    zoom: float = option(
        1.0, minimum=1.0, maximum=4.0, help="and enlarged or shrunk by up to this factor"
    )
    stretch: float = option(
        1.0, minimum=1.0, maximum=2.0, help="and their shape is changed by up to this factor"
    )
    flip: bool = option(False, help="and half of them are mirrored, left to right")
    brightness: float = option(
        0.0, minimum=0.0, maximum=1.0, help="pixels are raised or lowered by up to this"
    )
    contrast: float = option(
        0.0, minimum=0.0, maximum=1.0, help="and contrast is changed by up to this part"
    )
    saturation: float = option(
        0.0, minimum=0.0, maximum=1.0, help="and so is saturation, of pictures in colour"
    )
    erase: float = option(
        0.0, minimum=0.0, maximum=1.0, help="how often a random rectangle is painted over"
    )
