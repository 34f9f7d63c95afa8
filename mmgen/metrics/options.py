"""What can be set about the built-in metrics. No torch here."""

from dataclasses import dataclass

from mmgen.options import Options, option


@dataclass(frozen=True, kw_only=True)
class LikelihoodOptions(Options):
    """Of `nll`."""

    num_samples: int = option(
        1000, minimum=1, help="importance samples per picture, where the likelihood is not exact"
    )
    refine_steps: int = option(
        0,
        minimum=0,
        help="steps that first fit each picture's proposal, which the encoder only guesses: a "
        "tighter bound, some 150 steps cost as much as 3,000 samples",
    )
    seed: int = option(0, minimum=0, help="of the importance samples")
    batch_size: int | None = option(
        None, minimum=1, help="pictures at a time; none: the model chooses"
    )
    conditions: tuple[str, ...] = option(
        (), help="slots given from the data, as label; none: the unconditional likelihood"
    )
    num_images: int | None = option(
        None, minimum=1, help="the first so many pictures; none: all, as figures to compare need"
    )
    checkpoint: str | None = option(
        None, help="file that keeps the work done so far; the same command goes on from it"
    )


@dataclass(frozen=True, kw_only=True)
class ClassificationOptions(Options):
    """Of `classification`."""

    batch_size: int = option(256, minimum=1, help="pictures at a time")
    num_images: int | None = option(
        None, minimum=1, help="the first so many pictures; none: all, as figures to compare need"
    )


@dataclass(frozen=True, kw_only=True)
class ReconstructionOptions(Options):
    """Of `reconstruction`."""

    batch_size: int = option(256, minimum=1, help="pictures at a time")
    conditions: tuple[str, ...] = option((), help="slots given from the data, as label")
    num_images: int | None = option(
        None, minimum=1, help="the first so many pictures; none: all, as figures to compare need"
    )
