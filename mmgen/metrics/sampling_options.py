"""What can be set about the metrics that draw pictures and compare them. No torch here."""

from dataclasses import dataclass
from typing import Any

from mmgen.errors import OptionError
from mmgen.options import Options, option, seed_option
from mmgen.weighting import WEIGHTS_HELP


def sampling_option() -> Any:
    """Return the option that passes options on to `generate`."""
    return option(
        (),
        help="options of the model's generate: NAME=VALUE,NAME=VALUE; a value may be several, as "
        "guidance_interval=0.2,0.8",
    )


@dataclass(frozen=True, kw_only=True)
class SamplingOptions(Options):
    """Which pictures are drawn, and which real ones they are held against."""

    num_samples: int | None = option(
        None, minimum=1, help="pictures to draw; none: as many as there are real ones"
    )
    num_real: int | None = option(
        None, minimum=1, help="so many of the real pictures, drawn by the seed; none: all"
    )
    seed: int = seed_option("of the pictures drawn, and of what is chosen")
    batch_size: int | None = option(
        None, minimum=1, help="pictures drawn at a time; none: the model chooses"
    )
    conditions: tuple[str, ...] = option(
        (), help="slots to give a value, as label; none: what the model draws unasked"
    )
    weights: float | str | None = option(
        None,
        help="how much the conditions count: a number for all, or some by name, as "
        f"text:2,label:0.5; {WEIGHTS_HELP}",
    )
    labels: str = option(
        "balanced",
        choices=("balanced", "data"),
        help="classes to ask for: as many of each, or drawn from the data's labels; beside other "
        "conditions always the data's",
    )
    sampling: tuple[str, ...] = sampling_option()


@dataclass(frozen=True, kw_only=True)
class FeatureOptions(SamplingOptions):
    """In which features pictures are compared."""

    extractor: str = option(
        help="whose features: an encoder of the zoo, a folder (./runs/x), a repository, or "
        "inception"
    )
    layer: str = option("pooled", help="where in it; maps are averaged over space")


@dataclass(frozen=True, kw_only=True)
class DistanceOptions(FeatureOptions):
    """Whether real pictures are measured as well."""

    floor: bool = option(
        True, help="measure real pictures of the other split in the samples' place too"
    )


@dataclass(frozen=True, kw_only=True)
class FidOptions(DistanceOptions):
    """Of `fid`."""


@dataclass(frozen=True, kw_only=True)
class KidOptions(DistanceOptions):
    """Of `kid`."""

    subsets: int = option(100, minimum=2, help="random pairs of subsets, whose mean it is")
    subset_size: int = option(
        1000, minimum=2, help="pictures of each; at most half of those there are"
    )
    subset_seed: int = option(2020, minimum=0, maximum=2**32 - 1, help="of the subsets")


@dataclass(frozen=True, kw_only=True)
class PrecisionRecallOptions(DistanceOptions):
    """Of `precision-recall`."""

    k: int = option(3, minimum=1, help="neighbours of precision and recall")
    density_k: int = option(5, minimum=1, help="neighbours of density and coverage")


@dataclass(frozen=True, kw_only=True)
class NeighboursOptions(FeatureOptions):
    """Of `neighbours`."""

    pairs: int = option(24, minimum=1, maximum=1000, help="of the nearest, in the picture of pairs")


@dataclass(frozen=True, kw_only=True)
class InceptionScoreOptions(SamplingOptions):
    """Of `inception-score`."""

    classifier: str = option(
        help="who says what is in a picture: a classifier of the zoo, a folder, a repository, or "
        "inception"
    )
    splits: int = option(10, minimum=1, help="parts whose scores are averaged")
    floor: bool = option(True, help="measure the real pictures too")


@dataclass(frozen=True, kw_only=True)
class AgreementOptions(SamplingOptions):
    """Of `agreement`."""

    conditions: tuple[str, ...] = option(
        ("label",), help="slots to give a value, as label, or text: it must tell the class"
    )
    classifier: str = option(help="the judge: a classifier of the zoo, a folder, a repository")
    layer: str = option("pooled", help="of the judge, in whose features variety is measured")

    def check(self) -> None:
        """Demand that something is asked for."""
        if not self.conditions:
            raise OptionError(
                "agreement is with what was asked for: conditions must have label, or another "
                "slot that tells the class; got none"
            )
