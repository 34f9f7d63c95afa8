"""Kernel distance between real pictures and those that a model draws."""

from torch import Tensor

from mmgen.data import PictureData
from mmgen.interfaces import Model, Progress
from mmgen.metrics.bootstrap import Interval, quantiles
from mmgen.metrics.compared import check_enough, open_compared
from mmgen.metrics.distances import kernel_distances
from mmgen.metrics.result import MetricResult
from mmgen.metrics.sampling_options import KidOptions
from mmgen.metrics.stages import in_stages
from mmgen.metrics.workbench import Workbench


def kernel(
    model: Model,
    data: PictureData,
    options: KidOptions,
    progress: Progress | None = None,
    workbench: Workbench | None = None,
) -> list[MetricResult]:
    """Return the kernel distance (KID, Bińkowski et al. 2018) in the features of an extractor.

    It is unbiased: its mean does not depend on how many pictures there are, and it may be below
    0. Subsets have `subset_size` pictures, or half of the fewer side's where that is less. The
    interval is from subsampling, not the bootstrap: the subsets' own spread, brought from
    subsets of m to all N pictures by (m / (N - m))^½ (Politis and Romano 1994).

    Raises:
        UnsupportedOperationError: the model makes no pictures, or the extractor is none.
        DataError: too few pictures, of another size or other channels, or features that are NaN.
    """
    workbench = workbench or Workbench()
    compared = open_compared("kid", model, data, options, workbench, floor=options.floor)
    count, others = compared.request.count, len(compared.other or ())
    check_enough("kid", len(compared.real), count, 4)
    extractor = workbench.extractor(options.extractor, options.layer, model.device)
    resize = extractor.resize(compared.real)
    notes = compared.notes()
    draw, of_real, of_made, of_other = in_stages(progress, count, len(compared.real), count, others)
    made = compared.draw(draw)
    real_features = workbench.features(compared.real, extractor, of_real)
    found = _distances(real_features, workbench.features(made, extractor, of_made), options)
    size = subset_size(len(compared.real), count, options)
    protocol = compared.protocol(
        resize,
        notes,
        extractor=extractor.to_dict(),
        kernel="(x·y / d + 1)³",
        subsets=options.subsets,
        subset_size=size,
        subset_seed=options.subset_seed,
        subset_deviation=float(found.std(correction=0)),
        interval="95 %, from the spread of the subsets",
    )
    if compared.other is not None and others >= 4:
        other = workbench.features(compared.other, extractor, of_other)
        floor = _distances(real_features, other, options)
        protocol["floor"] = compared.floor(float(floor.mean()))
    return [
        MetricResult(
            name="kid",
            value=float(found.mean()),
            unit="",
            num_images=count,
            interval=subset_interval(found, size, min(len(compared.real), count)),
            protocol=protocol,
        )
    ]


def subset_size(num_real: int, num_made: int, options: KidOptions) -> int:
    """Return m: as was asked, at most half of the fewer side."""
    return min(options.subset_size, min(num_real, num_made) // 2)


def _distances(real: Tensor, made: Tensor, options: KidOptions) -> Tensor:
    return kernel_distances(
        real,
        made,
        subsets=options.subsets,
        subset_size=subset_size(len(real), len(made), options),
        seed=options.subset_seed,
    )


def subset_interval(values: Tensor, size: int, count: int) -> Interval:
    """Return the 95 % interval of the mean of subsets' distances, (S,), of m of N pictures."""
    spread = (size / (count - size)) ** 0.5
    return quantiles(values.mean() + (values - values.mean()) * spread)
