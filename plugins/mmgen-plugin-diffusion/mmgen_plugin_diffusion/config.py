"""What can be set about the networks of diffusion. No torch here."""

from dataclasses import dataclass

from mmgen.errors import OptionError
from mmgen.options import Options, option

OBJECTIVES = ("flow", "v", "noise")


@dataclass(frozen=True, kw_only=True)
class ImageAutoencoderConfig(Options):
    """`image-autoencoder`: convolutions to a small map of latents, and back."""

    channels: int = option(3, choices=(1, 3, 4), help="1 grey, 3 colour, 4 with alpha")
    height: int = option(64, minimum=2, unit="px", help="height of the pictures")
    width: int = option(64, minimum=2, unit="px", help="width of the pictures")
    widths: tuple[int, ...] = option(
        (64, 128), minimum=1, help="channels of the feature maps; each halves the sides"
    )
    blocks: tuple[int, ...] = option(
        (1, 2), minimum=0, help="residual blocks per size, up and down; the last one for the rest"
    )
    latent_channels: int = option(8, minimum=1, help="channels of the map of latents")
    kl: bool = option(
        False, help="latents are drawn from a posterior that is held to N(0, 1), as in a VAE"
    )

    @property
    def factor(self) -> int:
        """By how much the latents' sides are smaller than the picture's."""
        return int(2 ** len(self.widths))

    @property
    def sides(self) -> tuple[int, int]:
        """Height and width of the map of latents."""
        return self.height // self.factor, self.width // self.factor

    @property
    def blocks_of(self) -> tuple[int, ...]:
        """Blocks of each size."""
        return blocks_of(self.widths, self.blocks)

    def check(self) -> None:
        """Demand sides that can be halved as often as there are widths."""
        check_sizes(self.widths, self.blocks)
        check_sides(self.height, self.width, self.factor, f"with {len(self.widths)} widths")


@dataclass(frozen=True, kw_only=True)
class DiffusionConfig(Options):
    """What every denoiser has."""

    channels: int = option(3, choices=(1, 3, 4), help="1 grey, 3 colour, 4 with alpha")
    height: int = option(64, minimum=1, unit="px", help="height of the pictures")
    width: int = option(64, minimum=1, unit="px", help="width of the pictures")
    objective: str = option(
        "flow",
        choices=OBJECTIVES,
        help="what is predicted: flow: the velocity on a straight line from noise to picture; v, "
        "noise: on a cosine schedule",
    )
    inpainting: bool = option(
        False,
        help="the denoiser sees known pixels and the mask: it learns to paint what is missing",
    )
    hidden: int = option(192, minimum=2, help="width of the transformer, or of its conditions")
    depth: int = option(6, minimum=1, help="layers of the transformer")
    heads: int = option(4, minimum=1, help="of attention; they share the width")
    patch: int = option(
        2, minimum=1, help="of a transformer: side of the squares that become one token"
    )
    dropout: float = option(0.0, minimum=0.0, maximum=0.95, help="inside the blocks")
    steps: int = option(30, minimum=1, help="what generate takes when it is told no steps")
    guidance_scale: float = option(
        3.0, minimum=0.0, help="what generate uses when it is told no guidance_scale"
    )
    shift: float = option(
        1.0,
        minimum=0.01,
        maximum=100.0,
        help="of the times of generate: above 1 more steps are spent near noise",
    )

    def check(self) -> None:
        """Demand heads of equal, even width."""
        if self.hidden % (2 * self.heads):
            raise OptionError(
                f"hidden must be a multiple of 2 · heads; got {self.hidden} and {self.heads}"
            )
        if self.hidden % 4:
            raise OptionError(f"hidden must be a multiple of 4; got {self.hidden}")


@dataclass(frozen=True, kw_only=True)
class LatentDiffusionConfig(DiffusionConfig):
    """`latent-diffusion`: a transformer on the latents of an autoencoder."""

    autoencoder_widths: tuple[int, ...] = option(
        (64, 128), minimum=1, help="of a new autoencoder: `widths` of image-autoencoder"
    )
    autoencoder_blocks: tuple[int, ...] = option(
        (1, 2), minimum=0, help="of a new autoencoder: `blocks` of image-autoencoder"
    )
    latent_channels: int = option(8, minimum=1, help="channels of the latents")
    kl: bool = option(False, help="of a new autoencoder: `kl` of image-autoencoder")

    @property
    def autoencoder(self) -> ImageAutoencoderConfig:
        """The config of a new autoencoder."""
        return ImageAutoencoderConfig(
            channels=self.channels,
            height=self.height,
            width=self.width,
            widths=self.autoencoder_widths,
            blocks=self.autoencoder_blocks,
            latent_channels=self.latent_channels,
            kl=self.kl,
        )

    def check(self) -> None:
        """Demand latents that can be cut into patches."""
        super().check()
        check_sizes(self.autoencoder_widths, self.autoencoder_blocks)
        factor = int(2 ** len(self.autoencoder_widths)) * self.patch
        check_sides(self.height, self.width, factor, "with these autoencoder_widths and patch")


@dataclass(frozen=True, kw_only=True)
class PixelDiffusionConfig(DiffusionConfig):
    """`pixel-diffusion`: a transformer or a U-Net on the pixels themselves."""

    height: int = option(28, minimum=1, unit="px", help="height of the pictures")
    width: int = option(28, minimum=1, unit="px", help="width of the pictures")
    patch: int = option(
        4,
        minimum=1,
        unit="px",
        help="of a transformer: side of the squares that become one token",
    )
    network: str = option(
        "transformer",
        choices=("transformer", "unet"),
        help="what predicts; both take any condition",
    )
    widths: tuple[int, ...] = option(
        (64, 128), minimum=1, help="of a unet: channels per size; each after the first halves it"
    )
    blocks: tuple[int, ...] = option(
        (1, 2), minimum=1, help="of a unet: blocks per size, up and down; the last for the rest"
    )

    @property
    def blocks_of(self) -> tuple[int, ...]:
        """Blocks of each size."""
        return blocks_of(self.widths, self.blocks)

    def check(self) -> None:
        """Demand pictures that can be cut into patches, or halved."""
        super().check()
        check_sizes(self.widths, self.blocks)
        if self.network == "transformer":
            check_sides(self.height, self.width, self.patch, f"with patch {self.patch}")
            return
        check_sides(
            self.height, self.width, 2 ** (len(self.widths) - 1), f"with {len(self.widths)} widths"
        )
        if any(width % self.heads for width in self.widths):
            raise OptionError(
                f"widths of a unet must be multiples of heads; got {list(self.widths)} and "
                f"{self.heads}"
            )


def blocks_of(widths: tuple[int, ...], blocks: tuple[int, ...]) -> tuple[int, ...]:
    """Return the number of blocks for each width; the last one is that of the rest."""
    return (*blocks, *(blocks[-1:] * len(widths)))[: len(widths)]


def check_sizes(widths: tuple[int, ...], blocks: tuple[int, ...]) -> None:
    """Raise OptionError unless there is a width, and one number of blocks at least."""
    if not widths or not blocks or len(blocks) > len(widths):
        raise OptionError(
            "widths needs one number or more, and blocks one for each of them, or one for all; got "
            f"{list(widths)} and {list(blocks)}"
        )


def check_sides(height: int, width: int, factor: int, why: str) -> None:
    """Raise OptionError unless both sides are multiples of a factor."""
    if height % factor or width % factor:
        raise OptionError(
            f"{why} the sides must be multiples of {factor} px; got {width}×{height}: set "
            "data.size, or change these"
        )
