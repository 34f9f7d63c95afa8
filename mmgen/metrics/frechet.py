"""Fréchet distance between real pictures and those that a model draws."""

from mmgen.data import PictureData
from mmgen.interfaces import Model, Progress
from mmgen.metrics.bootstrap import RESAMPLES, linear_interval
from mmgen.metrics.compared import check_enough, open_compared
from mmgen.metrics.distances import frechet_distance, frechet_influence
from mmgen.metrics.result import MetricResult
from mmgen.metrics.sampling_options import FidOptions
from mmgen.metrics.stages import in_stages
from mmgen.metrics.statistics import gather_statistics
from mmgen.metrics.workbench import Workbench


def frechet(
    model: Model,
    data: PictureData,
    options: FidOptions,
    progress: Progress | None = None,
    workbench: Workbench | None = None,
) -> list[MetricResult]:
    """Return the Fréchet distance (FID, Heusel et al. 2017) in the features of an extractor.

    It falls with the number of pictures on either side: figures of unequal numbers cannot be
    compared. The interval is over the pictures drawn, the real ones held fixed, by their
    influence (`linear_interval`). Statistics of real pictures are cached on the disk.

    Raises:
        UnsupportedOperationError: the model makes no pictures, or the extractor is none.
        DataError: too few pictures, of another size or other channels, or features that are NaN.
    """
    workbench = workbench or Workbench()
    compared = open_compared("fid", model, data, options, workbench, floor=options.floor)
    check_enough("fid", len(compared.real), compared.request.count, 2)
    extractor = workbench.extractor(options.extractor, options.layer, model.device)
    resize = extractor.resize(compared.real)
    notes = compared.notes(extractor.dimension)
    count, others = compared.request.count, len(compared.other or ())
    draw, of_real, of_made, of_other = in_stages(progress, count, len(compared.real), count, others)
    made = compared.draw(draw)
    real = workbench.statistics(compared.real, extractor, compared.part, of_real)
    features = workbench.features(made, extractor, of_made)
    statistics = gather_statistics([features])
    value = frechet_distance(real, statistics)
    protocol = compared.protocol(
        resize,
        notes,
        extractor=extractor.to_dict(),
        interval=f"95 %, {RESAMPLES} resamplings of the drawn pictures by their influence",
    )
    if compared.other is not None and others >= 2:
        other = workbench.statistics(compared.other, extractor, compared.other_part, of_other)
        protocol["floor"] = compared.floor(frechet_distance(real, other))
    return [
        MetricResult(
            name="fid",
            value=value,
            unit="",
            num_images=count,
            interval=linear_interval(
                value, frechet_influence(real, statistics, features), seed=options.seed
            ),
            protocol=protocol,
        )
    ]
