"""What can be set about readers of scenes and what they measure. No torch here."""

from dataclasses import dataclass

from mmgen.errors import OptionError
from mmgen.metrics.sampling_options import SamplingOptions
from mmgen.options import Options, option


@dataclass(frozen=True, kw_only=True)
class SceneReaderConfig(Options):
    """`scene-reader`: convolutions, then a look at each place."""

    channels: int = option(3, choices=(3,), help="colour; other pictures are converted")
    height: int = option(
        64, minimum=16, unit="px", help="of the pictures it learns from; others are resized to it"
    )
    width: int = option(64, minimum=16, unit="px", help="likewise")
    widths: tuple[int, ...] = option(
        (24, 48, 96), minimum=1, help="channels of the feature maps; each halves the size"
    )
    blocks: int = option(1, minimum=0, help="residual blocks per size, but for the first")
    looks: int = option(
        9, minimum=1, help="weighted means of the last map that each place is read from"
    )
    embedding_width: int = option(128, minimum=1, help="length of what is known of each place")

    def check(self) -> None:
        """Demand a map that is left after halving."""
        if not self.widths or min(self.height, self.width) < 2 ** len(self.widths):
            raise OptionError(
                "widths needs one number or more, and sides of 2 px or more for each; got "
                f"{len(self.widths)} for {self.width}×{self.height} px"
            )


@dataclass(frozen=True, kw_only=True)
class SceneReaderTraining(Options):
    """How a reader learns: what is done to the pictures."""

    changed: float = option(
        0.5, minimum=0.0, maximum=1.0, help="how often a scene is changed; the rest is as it is"
    )
    shift: float = option(
        0.0, minimum=0.0, maximum=0.2, help="scenes are moved by up to this part of their sides"
    )
    rotate: float = option(
        5.0, minimum=0.0, maximum=30.0, unit="degrees", help="and turned by up to this"
    )
    zoom: float = option(
        1.05, minimum=1.0, maximum=1.5, help="and enlarged or shrunk by up to this factor"
    )
    brightness: float = option(
        0.0, minimum=0.0, maximum=0.3, help="pixels are raised or lowered by up to this"
    )
    contrast: float = option(
        0.1, minimum=0.0, maximum=0.5, help="and contrast is changed by up to this part"
    )
    noise: float = option(
        0.03, minimum=0.0, maximum=0.5, help="largest standard deviation of noise on the pixels"
    )


@dataclass(frozen=True, kw_only=True)
class SceneAttributesOptions(SamplingOptions):
    """Of `scene-attributes`."""

    conditions: tuple[str, ...] = option(("text",), help="slots to give a value; text among them")
    reader: str = option(
        "scene-reader-mnist",
        help="who reads the pictures: a scene-reader of the zoo, a folder (./runs/x), a repository",
    )

    def check(self) -> None:
        """Demand that captions are asked for."""
        if "text" not in self.conditions:
            raise OptionError(
                "scene-attributes is of what captions ask for: conditions must have text; got "
                f"{','.join(self.conditions) or 'none'}"
            )


@dataclass(frozen=True, kw_only=True)
class SceneReadingOptions(Options):
    """Of `scene-reading`."""

    num_images: int | None = option(
        None, minimum=1, help="the first so many scenes; none: all, as figures to compare need"
    )
