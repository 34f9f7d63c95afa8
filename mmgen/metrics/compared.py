"""The real pictures and those drawn that a metric compares, and what its protocol says of them."""

import warnings
from dataclasses import dataclass
from typing import Any

import torch

from mmgen.data import PictureData
from mmgen.errors import DataError, MmgenWarning
from mmgen.interfaces import Generator, Model, Progress
from mmgen.metrics.pictures import choose_pictures
from mmgen.metrics.samples import SampleRequest, check_generator, read_request, read_settings
from mmgen.metrics.sampling_options import SamplingOptions
from mmgen.metrics.workbench import Workbench

FEW = 2000


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Real pictures, and the request for those that are held against them.

    Attributes:
        metric: its name, for messages.
        model: the generator.
        real: the N real pictures.
        part: which of the split they are, in words.
        request: for the M pictures to draw.
        other: M real pictures of the other split, or as many as it has, to take the samples'
            place: what they score is the floor. None where there are none.
        other_part: which of that split they are, in words.
        wants_floor: whether `other` was asked for.
        workbench: where the samples are drawn.
    """

    metric: str
    model: Generator
    real: PictureData
    part: str
    request: SampleRequest
    other: PictureData | None
    other_part: str
    wants_floor: bool
    workbench: Workbench

    def draw(self, progress: Progress | None = None) -> PictureData:
        """Return the M pictures."""
        return self.workbench.samples(self.model, self.real, self.request, progress)

    def protocol(self, resize: str, notes: list[str], **more: Any) -> dict[str, Any]:
        """Return what must be known to compare the figures; see `MetricResult.protocol`."""
        return {
            **more,
            "floor": None,
            "resize": resize,
            "num_real": len(self.real),
            "num_generated": self.request.count,
            "sampling": self.request.to_dict(),
            "generation": read_settings(self.model, self.request),
            "notes": notes,
        }

    def floor(self, value: float) -> dict[str, Any]:
        """Return what a protocol says of a floor."""
        assert self.other is not None
        return {
            "value": value,
            "of": f"real {self.other.split} against real {self.real.split}",
            "num_pictures": [len(self.other), len(self.real)],
        }

    def notes(self, dimension: int | None = None) -> list[str]:
        """Return, and warn of, what is doubtful about the numbers.

        Args:
            dimension: of features whose covariance is taken; None where none is.
        """
        fewest = min(len(self.real), self.request.count)
        found = []
        if fewest < FEW:
            found.append(
                f"{fewest:,} pictures are few: below {FEW:,} a figure says as much of their number "
                "as of the model"
            )
        if dimension is not None and fewest <= dimension:
            found.append(
                f"{fewest:,} pictures in {dimension:,} dimensions: their covariance is singular"
            )
        if found and dimension is not None:
            found[-1] += "; kid has no such bias, prefer it"
        unasked = [slot.name for slot in self.model.slots if slot.classes]
        if unasked and not self.request.conditions:
            found.append(
                f"drawn without {unasked[0]}, which the model takes: conditions={unasked[0]} asks "
                "for every class"
            )
        for note in found:
            warnings.warn(f"{self.metric}: {note}", MmgenWarning, stacklevel=2)
        if self.wants_floor and self.other is None:
            found.append(
                f"no floor: {self.real.name} has no other split of real pictures of this size"
            )
        return found


def open_compared(
    metric: str,
    model: Model,
    data: PictureData,
    options: SamplingOptions,
    workbench: Workbench,
    *,
    floor: bool = False,
) -> Compared:
    """Return what a metric compares; nothing is drawn yet.

    Args:
        floor: whether real pictures of the other split are wanted too.

    Raises:
        UnsupportedOperationError: the model makes no pictures.
        DataError: the real pictures are of another size or other channels.
        OptionError, InputError, UnsupportedConditionError: sampling options that cannot be read,
            or weights of what is not given.
    """
    generator = check_generator(model, metric)
    data = choose_pictures(generator, data, None)
    real, part = choose_some(data, options.num_real, options.seed)
    request = read_request(options, len(real), generator)
    other, other_part = None, ""
    found = workbench.other_split(data, other_name(data)) if floor else None
    if found is not None:
        other, other_part = choose_some(found, request.count, options.seed)
    return Compared(
        metric=metric,
        model=generator,
        real=real,
        part=part,
        request=request,
        other=other,
        other_part=other_part,
        wants_floor=floor,
        workbench=workbench,
    )


def other_name(data: PictureData) -> str:
    """Return the split of real pictures that the data's are held against: train, or test."""
    return "test" if data.split == "train" else "train"


def choose_some(data: PictureData, count: int | None, seed: int) -> tuple[PictureData, str]:
    """Return that many of the pictures, all where None or too few, and which, in words.

    They are drawn without repetition, the same for the same seed, and stay in their order.
    """
    if count is None or count >= len(data):
        return data, "all"
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randperm(len(data), generator=generator)[:count].sort().values
    return data.select(rows), f"{count} drawn by seed {seed}"


def check_enough(metric: str, real: int, made: int, needed: int) -> None:
    """Raise DataError unless both sides have that many pictures."""
    if min(real, made) < needed:
        raise DataError(
            f"{metric} needs {needed} real and {needed} drawn pictures or more; got {real} and "
            f"{made}: set num_samples, or take a larger split"
        )
