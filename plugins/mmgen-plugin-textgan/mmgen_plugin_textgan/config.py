"""What can be set about these networks. No torch here."""

from dataclasses import dataclass

from mmgen.adversarial_options import AdversarialTraining
from mmgen.errors import OptionError
from mmgen.options import Options, option


@dataclass(frozen=True, kw_only=True)
class TextGanConfig(Options):
    """`textgan`: maps that double in size, told of the sentence, and that look at the words."""

    channels: int = option(3, choices=(1, 3, 4), help="1 grey, 3 colour, 4 with alpha")
    height: int = option(64, minimum=2, unit="px", help="of the pictures")
    width: int = option(64, minimum=2, unit="px", help="of the pictures")
    latent_dim: int = option(64, minimum=1, help="numbers in a latent vector")
    sentence_dim: int = option(64, minimum=1, help="numbers that the sentence is drawn as")
    widths: tuple[int, ...] = option(
        (256, 128, 64, 32),
        minimum=1,
        help="channels of the feature maps, from the coarsest to the finest, whose sides are half "
        "the picture's",
    )
    blocks: tuple[int, ...] = option(
        (1, 1, 1, 0),
        minimum=0,
        help="residual blocks at each map, in the same order; one number: as many at each",
    )
    attention: tuple[int, ...] = option(
        (1, 2),
        minimum=0,
        help="maps whose regions look at the words: 0 is the coarsest; the discriminator looks "
        "for the words in the coarsest of these; empty: none",
    )
    attention_dim: int = option(64, minimum=1, help="numbers that a region and a word meet in")
    heads: int = option(4, minimum=1, help="of attention; they share attention_dim")

    def check(self) -> None:
        """Demand sides that can be halved once per width, and maps that exist."""
        count = len(self.widths)
        factor = 2**count
        if not count or self.height % factor or self.width % factor:
            raise OptionError(
                f"with {count} widths the sides must be multiples of {factor} px; "
                f"got {self.width}×{self.height}: set data.size, or other widths"
            )
        if len(self.blocks) not in (1, count):
            raise OptionError(
                f"blocks takes one number, or one for each of the {count} widths; "
                f"got {len(self.blocks)}"
            )
        if self.attention and max(self.attention) >= count:
            raise OptionError(
                f"attention names maps from 0 to {count - 1}, one for each width; "
                f"got {max(self.attention)}"
            )
        if self.attention_dim % self.heads:
            raise OptionError(
                "attention_dim must be a multiple of heads; "
                f"got {self.attention_dim} and {self.heads}"
            )

    @property
    def sides(self) -> list[tuple[int, int]]:
        """Height and width of each map, from the coarsest."""
        halvings = range(len(self.widths), 0, -1)
        return [(self.height >> by, self.width >> by) for by in halvings]

    @property
    def blocks_of(self) -> tuple[int, ...]:
        """How many residual blocks each map has."""
        return self.blocks * len(self.widths) if len(self.blocks) == 1 else self.blocks


@dataclass(frozen=True, kw_only=True)
class TextGanGeneration(Options):
    """Options of `generate`."""

    truncation: float | None = option(
        None,
        minimum=0.01,
        maximum=10.0,
        help="latents and the sentence's noise beyond this are drawn again: the smaller, the less "
        "varied and the surer; none: all are kept",
    )


@dataclass(frozen=True, kw_only=True)
class TextGanTraining(AdversarialTraining):
    """The game that generator and discriminator play."""

    mismatched: float = option(
        0.5,
        minimum=0.0,
        help="weight of real pictures under another's condition, which the discriminator learns to "
        "tell from those under their own",
    )
    penalty_every: int = option(
        4, minimum=1, unit="steps", help="the penalty comes so often, and weighs as much more"
    )
    augmentation_weight: float = option(
        0.1,
        minimum=0.0,
        help="of the divergence, in nats a number, of the sentence's distribution from the "
        "standard normal one: the greater, the smoother between sentences",
    )
