"""What can be set about the metrics of models with several modalities in one space. No torch."""

from dataclasses import dataclass

from mmgen.errors import OptionError
from mmgen.metrics.sampling_options import SamplingOptions
from mmgen.options import Options, option, seed_option

_JUDGE = "a model of pictures and texts in one space: of the zoo, a folder, a repository"


@dataclass(frozen=True, kw_only=True)
class ClipScoreOptions(SamplingOptions):
    """Of `clip-score`."""

    conditions: tuple[str, ...] = option(("text",), help="slots to give a value; text among them")
    judge: str = option(help=f"whose cosines: {_JUDGE}")

    def check(self) -> None:
        """Demand that captions are given."""
        _demand_text("clip-score", self.conditions)


@dataclass(frozen=True, kw_only=True)
class RetrievalOptions(SamplingOptions):
    """Of `retrieval`."""

    conditions: tuple[str, ...] = option(
        ("text",), help="slots to give a generator a value; text among them"
    )
    judge: str | None = option(None, help=f"of a generator, who tells its captions apart: {_JUDGE}")
    slots: tuple[str, ...] = option(
        (), help="of an encoder, between which two; none: the first two that the data has"
    )
    labels_alike: bool = option(
        False, help="of an encoder, rows of one label are one: any of them is right"
    )
    candidates: int = option(
        100, minimum=2, help="among how many one is looked for; the data's rows in random groups"
    )

    def check(self) -> None:
        """Demand that captions are given, and slots are two."""
        _demand_text("retrieval", self.conditions)
        if len(set(self.slots)) not in (0, 2) or len(self.slots) > 2:
            raise OptionError(f"slots are two, as image,text; got {','.join(self.slots)}")


@dataclass(frozen=True, kw_only=True)
class ZeroShotOptions(Options):
    """Of `zero-shot`."""

    templates: tuple[str, ...] = option(
        ("a photo of a {}",),
        help="captions of a class, whose name is put for {}; their mean counts",
    )
    batch_size: int = option(256, minimum=1, help="pictures at a time")
    num_images: int | None = option(
        None, minimum=1, help="so many of the pictures, drawn by the seed; none: all"
    )
    seed: int = seed_option("of the pictures chosen")

    def check(self) -> None:
        """Demand a place for the name in each template."""
        for template in self.templates:
            if "{}" not in template:
                raise OptionError(
                    f"a template has {{}} where the class's name goes; got {template!r}"
                )


def _demand_text(metric: str, conditions: tuple[str, ...]) -> None:
    if "text" not in conditions:
        raise OptionError(
            f"{metric} holds pictures against the captions they were made from: conditions must "
            f"have text; got {','.join(conditions) or 'none'}"
        )
