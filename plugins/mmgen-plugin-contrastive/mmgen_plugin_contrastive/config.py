"""What can be set about contrastive models. No torch here."""

from dataclasses import dataclass

from mmgen.options import Options, option


@dataclass(frozen=True, kw_only=True)
class ContrastiveConfig(Options):
    """`contrastive`: an encoder per slot, and one space for all; [conditioner] width is its own."""

    temperature: float = option(
        0.07,
        minimum=0.01,
        maximum=1.0,
        help="that cosines are divided by, to begin with; it learns. 0.1 suits the sigmoid loss",
    )


@dataclass(frozen=True, kw_only=True)
class ContrastiveTraining(Options):
    """How what belongs together is brought together, and what is done to the pictures."""

    loss: str = option(
        "softmax",
        choices=("softmax", "sigmoid"),
        help="which of the batch belongs to this one (CLIP), or whether each two belong together "
        "(SigLIP)",
    )
    labels_alike: bool = option(
        False, help="rows of one label are not told apart: they count for nothing, as equal texts"
    )
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
    flip: bool = option(
        False, help="and half of them are mirrored: not where captions tell left from right"
    )
    crop: int | None = option(
        None,
        minimum=1,
        unit="px",
        help="and cut to a random window of this side, which the encoder enlarges; none: whole",
    )
    brightness: float = option(
        0.0, minimum=0.0, maximum=1.0, help="pixels are raised or lowered by up to this"
    )
    contrast: float = option(
        0.0, minimum=0.0, maximum=1.0, help="and contrast is changed by up to this part"
    )
    saturation: float = option(
        0.0, minimum=0.0, maximum=1.0, help="and so is saturation: not where captions name colours"
    )
    erase: float = option(
        0.0, minimum=0.0, maximum=1.0, help="how often a random rectangle is painted over"
    )
