"""How many of the data's modes a generator has found: the protocol of StackedMNIST."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from mmgen.data import PictureData
from mmgen.data.stacking import join_labels, split_labels, stack_pictures, stacked_names
from mmgen.errors import DataError, InputError, UnsupportedOperationError
from mmgen.interfaces import Generator, Model, Progress
from mmgen.metrics.bootstrap import share_interval
from mmgen.metrics.judges import Judge
from mmgen.metrics.options import ModesOptions
from mmgen.metrics.result import MetricResult
from mmgen.metrics.samples import SampleRequest, check_generator, read_sampling, read_settings
from mmgen.metrics.stages import in_stages
from mmgen.metrics.workbench import Workbench

_FEWEST_PER_MODE = 10
_MOST_NAMED = 100  # modes whose shares are figures of their own
_WITHIN_95 = 1.96  # standard errors of a normal distribution


def modes(
    model: Model,
    data: PictureData,
    options: ModesOptions,
    progress: Progress | None = None,
    workbench: Workbench | None = None,
) -> list[MetricResult]:
    """Return how many modes the samples cover, and how far their shares are from the data's.

    Metz et al. 2017 (unrolled GANs), Srivastava et al. 2017 (VEEGAN): a classifier of K classes
    says what is in each of a sample's C channels, and so which of K^C modes it is of. `modes`
    counts those with a sample. `modes-kl` is KL(samples || data) in nats, where the data's share
    of a mode is the product of its classes' shares, channel by channel, as pictures are stacked;
    `modes-kl-uniform` takes 1 / K^C in its place. Even N perfect samples have a KL of about
    (K^C - 1) / 2N: `floor` in the protocol is the figure of N real pictures, seen by the same
    classifier. Pictures of one channel have the K classes for modes; `share of CLASS` is then
    its share of the samples over that of the data: 1 where the model draws it as often. The
    samples are drawn without conditions.

    Args:
        data: labelled pictures with the model's channels, as `data.stack` makes them; or grey
            ones, which are stacked here. Every class must be among them.
    Raises:
        UnsupportedOperationError: the model makes no pictures; the classifier classifies none,
            or is for pictures of several channels or of another size.
        DataError: the data has no labels, other classes or another size, or too few pictures.
        InputError: fewer than ten samples a mode.
        OptionError: `sampling` holds something else than NAME=VALUE.
    """
    model = check_generator(model, "modes")
    workbench, count = workbench or Workbench(), options.num_samples
    judge = workbench.judge(options.classifier, model.device)
    _check_size(judge, model)
    space = ModeSpace(judge.classes, model.size.channels)
    space.check_enough(count)
    real, shares = _real_pictures(model, data, space, options)
    steps = in_stages(progress, count, count, count)
    request = SampleRequest(
        count=count,
        seed=options.seed,
        settings=read_sampling(options.sampling),
        batch_size=options.batch_size,
    )
    samples = workbench.samples(model, real, request, steps[0])
    seen, of_real = (
        look(judge, pictures, step)
        for pictures, step in zip((samples, real), steps[1:], strict=True)
    )
    protocol = {
        "classifier": {"name": judge.name, "sha256": judge.sha256, "classes": len(judge.classes)},
        "classifier_accuracy": _accuracy(of_real, real, space),
        "num_modes": space.num_modes,
        "num_real": count,
        "num_generated": count,
        "sampling": request.to_dict(),
        "generation": read_settings(model, request),
    }
    counts, real_counts = space.count(seen), space.count(of_real)
    results = _results(counts, real_counts, shares, protocol, f"real {real.split}")
    if space.channels == 1 and len(counts) <= _MOST_NAMED:
        results += _shares_of_classes(counts, shares, space.classes, protocol)
    return results


@dataclass(frozen=True)
class ModeSpace:
    """The K^C modes of pictures that have one of K classes in each of C channels."""

    classes: tuple[str, ...]
    channels: int

    @property
    def num_modes(self) -> int:
        """K^C."""
        return int(len(self.classes) ** self.channels)

    def check_enough(self, num_samples: int) -> None:
        """Raise InputError for fewer than ten samples a mode: perfect ones would miss some."""
        needed = _FEWEST_PER_MODE * self.num_modes
        if num_samples < needed:
            raise InputError(
                f"modes needs {_FEWEST_PER_MODE} samples a mode, else perfect ones would miss "
                f"some: {needed:,} for {self.num_modes:,} modes; got num_samples={num_samples:,}"
            )

    def count(self, labels: Tensor) -> Tensor:
        """Return int64 (K^C,), how many pictures are of each mode, for classes (N, C)."""
        return join_labels(labels, len(self.classes)).bincount(minlength=self.num_modes)

    def split(self, modes: Tensor) -> Tensor:
        """Return the classes, int64 (N, C), of modes (N,)."""
        return split_labels(modes.cpu(), len(self.classes), self.channels)


def look(judge: Judge, pictures: PictureData, progress: Progress | None = None) -> Tensor:
    """Return the class that a judge of grey pictures sees in each channel, int64 (N, C)."""
    images = pictures.images[torch.arange(len(pictures))]
    channels = images.shape[1]
    grey = PictureData(images=images.flatten(0, 1).unsqueeze(1), name=pictures.name)
    told = None if progress is None else lambda done, total: progress(done // channels, total)
    return judge.probabilities(grey, told).argmax(dim=1).view(-1, channels)


def _check_size(judge: Judge, model: Generator) -> None:
    size = judge.size
    wanted = (1, model.size.height, model.size.width)
    if size is not None and (size.channels, size.height, size.width) != wanted:
        raise UnsupportedOperationError(
            f"modes shows the classifier one channel at a time: it must be for grey pictures of "
            f"{model.size.width}×{model.size.height} px, as {model.title} makes them; "
            f"{judge.name!r} is for {size}"
        )


def _accuracy(found: Tensor, data: PictureData, space: ModeSpace) -> float:
    """Return how often a channel's class was found, of data with modes for labels."""
    assert data.labels is not None
    return float((found == space.split(data.labels)).double().mean())


def _real_pictures(
    model: Generator, data: PictureData, space: ModeSpace, options: ModesOptions
) -> tuple[PictureData, Tensor]:
    """Return as many real pictures as samples, labelled by mode, and the modes' shares (K^C,)."""
    size, count = model.size, options.num_samples
    _, channels, height, width = data.images.shape
    if channels not in (1, size.channels) or (height, width) != (size.height, size.width):
        raise DataError(
            f"modes compares with real pictures, or grey ones to stack, of {size}, as "
            f"{model.title} makes them; {data.name} has {width}×{height} with {channels} channels: "
            "set data.size and data.channels"
        )
    if data.labels is None or data.class_names is None:
        raise DataError(f"modes needs labels of the real pictures; {data.name} has none")
    if channels == 1:
        data = data.with_labels(space.classes)
        assert data.labels is not None
        shares = _class_shares(data.labels[:, None], space, data.name).expand(space.channels, -1)
        if space.channels > 1:
            data = stack_pictures(data, space.channels, count, options.seed)
    else:
        _check_stacked_classes(data, space)
        assert data.labels is not None
        shares = _class_shares(space.split(data.labels), space, data.name)
    if len(data) < count:
        way_out = "data.stack_pictures" if channels > 1 else f"num_samples={len(data)}, or split"
        raise DataError(
            f"modes compares as many real pictures as samples, {count:,}; {data.name} has "
            f"{len(data):,}: set {way_out}"
        )
    return data.select(torch.arange(count)), mode_shares(shares)


def _check_stacked_classes(data: PictureData, space: ModeSpace) -> None:
    numbers = tuple(map(str, range(len(space.classes))))
    known = [stacked_names(names, space.channels) for names in (space.classes, numbers)]
    if data.class_names not in known:
        raise DataError(
            f"modes takes labels that name a class for each channel, as {known[0][0]!r} to "
            f"{known[0][-1]!r}; {data.name} has {len(data.class_names or ()):,} other classes: "
            "load a grey set, with data.stack=3 or without"
        )


def _class_shares(labels: Tensor, space: ModeSpace, name: str) -> Tensor:
    """Return how often each class is in each channel, float64 (C, K), of labels (N, C)."""
    counts = torch.stack(
        [column.cpu().bincount(minlength=len(space.classes)) for column in labels.unbind(dim=1)]
    )
    if bool((counts == 0).any()):
        missing = space.classes[int((counts == 0).any(dim=0).nonzero()[0])]
        raise DataError(
            f"modes needs every class of the classifier in the data; {name} has no {missing!r}"
        )
    return counts.double() / len(labels)


def mode_shares(shares: Tensor) -> Tensor:
    """Return the modes' shares (K^C,) where each channel has its classes' (C, K) on its own."""
    product = torch.ones(1, dtype=torch.float64)
    for channel in shares:
        product = torch.outer(product, channel).flatten()
    return product


def divergence(counts: Tensor, shares: Tensor) -> tuple[float, float]:
    """Return KL(q || p) in nats and its standard error, for counts (M,) and shares p (M,).

    q is the counts' own share. The error is the delta method's: the variance of ln(q / p) over N,
    without the (M - 1) / N that counting alone adds to it, and to second order the variance of
    χ² / 2N with M - 1 degrees of freedom, which is all that there is where q is p.
    """
    total, freedom = int(counts.sum()), len(counts) - 1
    q = counts.double() / total
    seen = counts > 0
    logs = (q[seen] / shares[seen]).log()
    kl = float((q[seen] * logs).sum())
    variance = float((q[seen] * logs.square()).sum()) - kl**2 - freedom / total
    return kl, (max(0.0, variance) / total + freedom / (2 * total**2)) ** 0.5


def _shares_of_classes(
    counts: Tensor, shares: Tensor, classes: tuple[str, ...], protocol: dict[str, Any]
) -> list[MetricResult]:
    """Return for each class its share of the samples over its share of the data."""
    total = int(counts.sum())
    results = []
    for name, count, share in zip(classes, counts.tolist(), shares.tolist(), strict=True):
        ones = (torch.arange(total) < count).double()
        low, high = share_interval(ones)
        results.append(
            MetricResult(
                name=f"share of {name}",
                value=count / total / share,
                unit="of the data's",
                num_images=total,
                interval=(low / share, high / share),
                protocol={**protocol, "reference": share},
            )
        )
    return results


def _results(
    counts: Tensor, of_real: Tensor, shares: Tensor, protocol: dict[str, Any], floor_of: str
) -> list[MetricResult]:
    total = int(counts.sum())

    def with_floor(value: float) -> dict[str, Any]:
        floor = {"value": value, "of": floor_of, "num_pictures": [int(of_real.sum())]}
        return {**protocol, "floor": floor}

    results = [
        MetricResult(
            name="modes",
            value=int((counts > 0).sum()),
            unit=f"of {len(counts):,}",
            num_images=total,
            protocol=with_floor(int((of_real > 0).sum())),
        )
    ]
    uniform = torch.full_like(shares, 1 / len(shares))
    references = {
        "modes-kl": (shares, "the shares of the data's classes, channels independent"),
        "modes-kl-uniform": (uniform, "all modes alike"),
    }
    for name, (reference, words) in references.items():
        kl, error = divergence(counts, reference)
        results.append(
            MetricResult(
                name=name,
                value=kl,
                unit="nats",
                num_images=total,
                standard_error=error,
                interval=(max(0.0, kl - _WITHIN_95 * error), kl + _WITHIN_95 * error),
                protocol=with_floor(divergence(of_real, reference)[0]) | {"reference": words},
            )
        )
    return results
