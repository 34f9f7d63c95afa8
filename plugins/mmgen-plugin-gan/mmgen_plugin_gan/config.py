"""What can be set about GANs. No torch here."""

from dataclasses import dataclass

from mmgen.adversarial_options import AdversarialTraining
from mmgen.errors import OptionError
from mmgen.options import Options, option


@dataclass(frozen=True, kw_only=True)
class GanConfig(Options):
    """What both architectures have in common."""

    channels: int = option(1, choices=(1, 3, 4), help="1 grey, 3 colour, 4 with alpha")
    height: int = option(28, minimum=2, unit="px", help="of the pictures")
    width: int = option(28, minimum=2, unit="px", help="of the pictures")
    latent_dim: int = option(64, minimum=1, help="numbers in a latent vector")


@dataclass(frozen=True, kw_only=True)
class MlpGanConfig(GanConfig):
    """`gan`: a multilayer perceptron."""

    hidden: int = option(512, minimum=1, help="units of a hidden layer")
    depth: int = option(3, minimum=1, help="hidden layers")


@dataclass(frozen=True, kw_only=True)
class DcganConfig(GanConfig):
    """`dcgan`: transposed convolutions, each of which doubles the size."""

    widths: tuple[int, ...] = option(
        (128, 64), minimum=1, help="channels of the feature maps, from the coarsest to the finest"
    )
    norm: str = option(
        "batch",
        choices=("batch", "pixel", "none"),
        help="of the features: over the batch, over each position's channels, or none",
    )

    def check(self) -> None:
        """Demand sides that can be halved once per width."""
        factor = 2 ** len(self.widths)
        if not self.widths or self.height % factor or self.width % factor:
            raise OptionError(
                f"with {len(self.widths)} widths the sides must be multiples of {factor} px; "
                f"got {self.width}×{self.height}: set data.size, or other widths"
            )


@dataclass(frozen=True, kw_only=True)
class GanGeneration(Options):
    """Options of `generate`."""

    truncation: float | None = option(
        None,
        minimum=0.01,
        maximum=10.0,
        help="latents beyond this are drawn again: the smaller, the less varied and the surer; "
        "none: all are kept",
    )
    search_steps: int = option(
        300, minimum=1, help="steps of the search for the latents of a picture that is painted in"
    )
    search_starts: int = option(4, minimum=1, help="how many searches are made, the best is kept")


@dataclass(frozen=True, kw_only=True)
class GanTraining(AdversarialTraining):
    """The game that generator and discriminator play."""

    spectral_norm: bool = option(
        False, help="each layer of the discriminator changes lengths by 1 at most"
    )
