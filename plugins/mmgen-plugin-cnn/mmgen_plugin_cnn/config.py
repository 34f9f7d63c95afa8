"""What can be set about convolutional networks. No torch here."""

from dataclasses import dataclass

from mmgen.errors import OptionError
from mmgen.options import Options, option
from mmgen.picture_options import PictureChanges


@dataclass(frozen=True, kw_only=True)
class ClassifierConfig(Options):
    """What all classifiers have in common."""

    classes: tuple[str, ...] = option(
        (), help="the class names, in the order of their numbers; none: features alone"
    )
    channels: int = option(3, choices=(1, 3), help="1 grey, 3 colour; other pictures are converted")
    height: int = option(
        32, minimum=4, unit="px", help="of the pictures it learns from; others are resized to it"
    )
    width: int = option(32, minimum=4, unit="px", help="likewise")
    widths: tuple[int, ...] = option(
        (64, 128, 256), minimum=1, help="channels of the feature maps per size; each halves it"
    )
    dropout: float = option(
        0.0, minimum=0.0, maximum=0.95, help="of the features that the classes are read from"
    )
    mirrored: bool = option(
        False,
        help="classes are the mean over the picture and its mirror image: twice the work, surer; "
        "for pictures that mean the same mirrored",
    )

    def check(self) -> None:
        """Demand two classes at least or none, all different, and maps that do not vanish."""
        if len(set(self.classes)) != len(self.classes) or len(self.classes) == 1:
            raise OptionError(
                f"classes needs two names or more, all different; got {list(self.classes)}"
            )
        if not self.widths:
            raise OptionError("widths needs one number or more; got none")


@dataclass(frozen=True, kw_only=True)
class CnnConfig(ClassifierConfig):
    """`cnn`: convolutions and pooling by turns."""

    convolutions: int = option(2, minimum=1, help="convolutions per size, before pooling")


@dataclass(frozen=True, kw_only=True)
class ResNetConfig(ClassifierConfig):
    """`resnet`: residual blocks."""

    blocks: int = option(2, minimum=1, help="residual blocks per size")
    stem_stride: int = option(
        1, choices=(1, 2, 4), help="by how much the first layers shrink the picture; large ones: 4"
    )


@dataclass(frozen=True, kw_only=True)
class ClassifierTraining(PictureChanges):
    """How a classifier learns: what is done to the pictures, and what it is asked for."""

    shift: float = option(
        0.1, minimum=0.0, maximum=0.5, help="pictures are moved by up to this part of their sides"
    )
    mixup: float = option(
        0.0, minimum=0.0, help="alpha of the Beta distribution by which pictures are mixed; 0: none"
    )
    label_smoothing: float = option(
        0.1, minimum=0.0, maximum=0.9, help="share of the target that is spread over all classes"
    )


@dataclass(frozen=True, kw_only=True)
class AutoencoderConfig(Options):
    """`conv-autoencoder`: convolutions to a small map of latents, transposed ones back."""

    channels: int = option(3, choices=(1, 3, 4), help="1 grey, 3 colour, 4 with alpha")
    height: int = option(
        256, minimum=2, unit="px", help="usual height; any multiple of 2 to the power of the sizes"
    )
    width: int = option(256, minimum=2, unit="px", help="usual width, likewise")
    widths: tuple[int, ...] = option(
        (48, 96, 192), minimum=1, help="channels of the feature maps; each halves the size"
    )
    blocks: int = option(2, minimum=0, help="residual blocks per size, up and down")
    latent_channels: int = option(16, minimum=1, help="channels of the map of latents")
    dropout: float = option(0.0, minimum=0.0, maximum=0.95, help="inside the residual blocks")

    @property
    def factor(self) -> int:
        """By how much the latents' sides are smaller than the picture's."""
        return int(2 ** len(self.widths))

    def check(self) -> None:
        """Demand sides that can be halved as often as there are widths."""
        if not self.widths:
            raise OptionError("widths needs one number or more; got none")
        if self.height % self.factor or self.width % self.factor:
            raise OptionError(
                f"with {len(self.widths)} widths the sides must be multiples of {self.factor} px; "
                f"got {self.width}×{self.height}: set data.size, or fewer widths"
            )


@dataclass(frozen=True, kw_only=True)
class AutoencoderTraining(Options):
    """How an autoencoder learns."""

    distance: str = option(
        "l1", choices=("l1", "l2"), help="mean absolute or mean squared difference of the pixels"
    )
    noise: float = option(
        0.0,
        minimum=0.0,
        maximum=1.0,
        help="standard deviation of noise on the pictures that go in: it learns to remove it",
    )
    flip: bool = option(False, help="half of the pictures are mirrored, left to right")
    crop: int | None = option(
        None,
        minimum=1,
        unit="px",
        help="it learns from random windows of this side, a multiple of the latents' factor: "
        "faster than whole pictures; none: whole ones",
    )
