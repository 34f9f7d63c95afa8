"""What can be set about a VAE: its network, its generation and its training. No torch here."""

from dataclasses import dataclass

from mmgen.errors import OptionError
from mmgen.options import Options, option

LIKELIHOODS = ("bernoulli", "discretised-logistic-mixture")


@dataclass(frozen=True, kw_only=True)
class VaeConfig(Options):
    """What every architecture of the family has."""

    channels: int = option(1, choices=(1, 3, 4), help="channels of the pictures")
    height: int = option(28, minimum=1, unit="px", help="height of the pictures")
    width: int = option(28, minimum=1, unit="px", help="width of the pictures")
    likelihood: str = option(
        "bernoulli",
        choices=LIKELIHOODS,
        help="of pixels: bernoulli for 0 and 1, discretised-logistic-mixture for 8 bits",
    )
    mixtures: int = option(5, minimum=1, help="components of a discretised logistic mixture")
    dropout: float = option(0.0, minimum=0.0, maximum=0.95, help="inside the blocks")
    temperature: float = option(
        1.0, minimum=0.0, maximum=2.0, help="what generate uses when it is told no temperature"
    )


@dataclass(frozen=True, kw_only=True)
class MlpVaeConfig(VaeConfig):
    """`vae`: a multilayer perceptron on the flattened picture."""

    latent_dim: int = option(40, minimum=1, help="numbers in the latent vector")
    hidden: int = option(512, minimum=1, help="units of a hidden layer")
    depth: int = option(2, minimum=1, help="hidden layers of encoder and of decoder")
    layers: str = option(
        "residual",
        choices=("plain", "gated", "residual"),
        help="plain: linear and ReLU; gated: linear units with a gate; residual: gated, added",
    )
    decoder_dropout: float | None = option(
        None, minimum=0.0, maximum=0.95, help="inside the decoder's layers; none: as dropout"
    )


@dataclass(frozen=True, kw_only=True)
class ConvVaeConfig(VaeConfig):
    """`conv-vae`: residual convolutions around one latent vector."""

    latent_dim: int = option(32, minimum=1, help="numbers in the latent vector")
    widths: tuple[int, ...] = option(
        (32, 64, 128), minimum=1, help="channels at full size, at half of it, at a quarter, …"
    )
    blocks: int = option(1, minimum=1, help="residual blocks per size, up and down")


@dataclass(frozen=True, kw_only=True)
class HierarchicalVaeConfig(VaeConfig):
    """`hierarchical-vae`: a top-down ladder of latents, from a dense one to fine maps.

    The lists have one item per size of the feature maps: full size, half of it, a quarter, …,
    where the full size is that of the picture divided by `patch`.
    """

    patch: int = option(
        1, minimum=1, unit="px", help="side of the squares of pixels that become one position"
    )
    widths: tuple[int, ...] = option(
        (32, 64, 96, 128), minimum=1, help="channels of the feature maps per size"
    )
    latents: tuple[int, ...] = option(
        (0, 1, 3, 0), minimum=0, help="how many layers of latent maps per size"
    )
    latent_channels: tuple[int, ...] = option(
        (0, 8, 8, 0), minimum=0, help="channels of a latent map per size"
    )
    dense_latents: int = option(1, minimum=0, help="latent vectors above all the maps")
    dense_dim: int = option(32, minimum=1, help="numbers in such a vector")
    dense_width: int = option(256, minimum=1, help="units around it")
    blocks: int = option(1, minimum=1, help="residual blocks per latent layer, up and down")
    rising_blocks: int = option(
        0, minimum=0, help="residual blocks per size on the way up; 0: as many as on the way down"
    )
    prior_kernel: int = option(
        3, choices=(1, 3), help="side of the convolutions from features to the prior of a map"
    )

    def check(self) -> None:
        """Demand lists of one length and at least one latent layer."""
        lengths = {len(self.widths), len(self.latents), len(self.latent_channels)}
        if len(lengths) != 1:
            raise OptionError(
                "widths, latents and latent_channels need one item per size each; got "
                f"{len(self.widths)}, {len(self.latents)} and {len(self.latent_channels)}"
            )
        if sum(self.latents) + self.dense_latents == 0:
            raise OptionError("a hierarchical-vae needs a latent layer; got none")
        for count, channels in zip(self.latents, self.latent_channels, strict=True):
            if count and not channels:
                raise OptionError("latent_channels must be at least 1 where latents is not 0")


@dataclass(frozen=True, kw_only=True)
class VaeGeneration(Options):
    """Options of `generate`."""

    output: str = option(
        "mean",
        choices=("mean", "sample"),
        help="the expected picture given the latents, or pixels drawn around it",
    )
    temperature: float | None = option(
        None,
        minimum=0.0,
        maximum=2.0,
        help="standard deviation of the latents, relative to the prior; none: the model's own",
    )
    inpainting_steps: int = option(
        100, minimum=1, help="steps of the Markov chain that fills in what the mask leaves out"
    )


@dataclass(frozen=True, kw_only=True)
class VaeTraining(Options):
    """How the evidence lower bound is made."""

    beta: float = option(1.0, minimum=0.0, help="weight of the KL divergence (1: the true bound)")
    kl_warmup_steps: int = option(
        0, minimum=0, unit="steps", help="the weight of the KL divergence grows from 0 in these"
    )
    free_bits: float = option(
        0.0, minimum=0.0, unit="nats", help="a KL divergence below it is free; see free_bits_scope"
    )
    free_bits_scope: str = option(
        "layer",
        choices=("layer", "channel"),
        help="what free_bits are given to: each latent layer, or each of its channels",
    )
    importance_samples: int = option(
        1, minimum=1, help="k of the importance-weighted bound (IWAE); 1 is the usual bound"
    )
