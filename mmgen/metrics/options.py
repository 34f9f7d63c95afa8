"""What can be set about the built-in metrics. No torch here."""

from dataclasses import dataclass

from mmgen.metrics.sampling_options import sampling_option
from mmgen.options import Options, option, seed_option


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
    seed: int = seed_option("of the importance samples")
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


@dataclass(frozen=True, kw_only=True)
class ModesOptions(Options):
    """Of `modes`."""

    classifier: str = option(
        help="the judge of one channel: a classifier of the zoo, a folder (./runs/x) or a "
        "repository, for grey pictures of the model's size"
    )
    num_samples: int = option(
        26_000, minimum=1, help="pictures drawn, and real ones for the floor; ten a mode or more"
    )
    seed: int = seed_option("of the samples, and of what real pictures are stacked")
    sampling: tuple[str, ...] = sampling_option()
    batch_size: int | None = option(
        None, minimum=1, help="pictures at a time; none: the model chooses"
    )


@dataclass(frozen=True, kw_only=True)
class AccuracyScoreOptions(Options):
    """Of `classification-accuracy-score`."""

    recipe: str | None = option(
        None,
        help="run file of the classifier, which names its architecture and settings; none: a small "
        "cnn",
    )
    steps: int | None = option(
        None, minimum=1, help="of each training; none: those of the recipe, 3,000 of the small cnn"
    )
    num_samples: int = option(60_000, minimum=1, help="pictures to train on, as many of each class")
    runs: int = option(3, minimum=1, help="trainings, each with a seed of its own")
    real: bool = option(
        True, help="train the same on the real train split too; data.held_out=0 takes all of it"
    )
    seed: int = seed_option("of the samples, and of the first training")
    sampling: tuple[str, ...] = sampling_option()
    batch_size: int | None = option(
        None, minimum=1, help="pictures drawn at a time; none: the model chooses"
    )
