"""What can be set about GANs. No torch here."""

from dataclasses import dataclass

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
class GanTraining(Options):
    """The game that generator and discriminator play."""

    loss: str = option(
        "relativistic",
        choices=(
            "minimax",
            "non-saturating",
            "least-squares",
            "hinge",
            "wasserstein",
            "relativistic",
        ),
        help="what the two minimise",
    )
    penalty: str = option(
        "r1-r2",
        choices=("none", "r1", "r1-r2", "wgan-gp"),
        help="of the discriminator's slope: at real pictures, at generated ones too, or between",
    )
    penalty_weight: float = option(
        1.0, minimum=0.0, help="γ of R1 and R2 (γ/2 of the squared slope), λ of wgan-gp"
    )
    penalty_every: int = option(
        1, minimum=1, unit="steps", help="the penalty comes so often, and weighs as much more"
    )
    discriminator_steps: int = option(
        1, minimum=1, help="of the discriminator per step of the generator"
    )
    discriminator_rate: float | None = option(
        None, minimum=0.0, help="its learning rate; none: that of the generator"
    )
    discriminator_width: float = option(
        1.0, minimum=0.1, help="its channels or units, relative to the generator's"
    )
    mismatched: float = option(
        0.0,
        minimum=0.0,
        help="weight of real pictures under another's condition, which the discriminator learns to "
        "tell from those under their own: generated ones then agree with theirs more surely",
    )
    spectral_norm: bool = option(False, help="each of its layers changes lengths by 1 at most")
    augment: tuple[str, ...] = option(
        (),
        choices=("colour", "translation", "cutout"),
        help="differentiable augmentation, for little data",
    )
    score_samples: int = option(
        8, minimum=2, help="pictures drawn for each held-out one, for its energy score"
    )
