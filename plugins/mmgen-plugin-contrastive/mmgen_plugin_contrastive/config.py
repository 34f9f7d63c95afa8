"""What can be set about contrastive models. No torch here."""

from dataclasses import dataclass

from mmgen.options import Options, option
from mmgen.picture_options import PictureChanges


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
class ContrastiveTraining(PictureChanges):
    """What is done to the pictures, and how what belongs together is brought together."""

    flip: bool = option(
        False, help="and half of them are mirrored: not where captions tell left from right"
    )
    saturation: float = option(
        0.0, minimum=0.0, maximum=1.0, help="and so is saturation: not where captions name colours"
    )
    crop: int | None = option(
        None,
        minimum=1,
        unit="px",
        help="pictures are cut to a random window of this side, which the encoder enlarges; none: "
        "whole",
    )
    loss: str = option(
        "softmax",
        choices=("softmax", "sigmoid"),
        help="which of the batch belongs to this one (CLIP), or whether each two belong together "
        "(SigLIP)",
    )
    tokens: float = option(
        0.0,
        minimum=0.0,
        help="weight of the same loss token by token: words look for their places in a picture, "
        "and places for their words; encoders whose tokens are used elsewhere learn more from it",
    )
    exchanged: bool = option(
        False,
        help="each text counts a second time as one that belongs to nothing, with two of its words "
        "exchanged: so it matters which word goes with which",
    )
    labels_alike: bool = option(
        False, help="rows of one label are not told apart: they count for nothing, as equal texts"
    )
