"""Precision, recall, density and coverage of the pictures that a model draws."""

from mmgen.data import PictureData
from mmgen.interfaces import Model, Progress
from mmgen.metrics.bootstrap import RESAMPLED, SCORE, mean_interval, share_interval
from mmgen.metrics.compared import check_enough, open_compared
from mmgen.metrics.manifold import manifold_scores
from mmgen.metrics.result import MetricResult, mean_result
from mmgen.metrics.sampling_options import PrecisionRecallOptions
from mmgen.metrics.stages import in_stages
from mmgen.metrics.workbench import Workbench

NAMES = ("precision", "recall", "density", "coverage")


def precision_recall(
    model: Model,
    data: PictureData,
    options: PrecisionRecallOptions,
    progress: Progress | None = None,
    workbench: Workbench | None = None,
) -> list[MetricResult]:
    """Return the four shares, of 0 to 1; density may be above 1.

    Precision (Kynkäänniemi et al. 2019): drawn pictures that look real. Recall: real pictures
    that could have been drawn. Density and coverage (Naeem et al. 2020) are the same two, less
    led astray by outliers. The floor is what real pictures of the other split score: a ceiling.
    Intervals are over the pictures that a share is of, the neighbourhoods held fixed.

    Raises:
        UnsupportedOperationError: the model makes no pictures, or the extractor is none.
        DataError: too few pictures, of another size or other channels, or features that are NaN.
    """
    workbench = workbench or Workbench()
    compared = open_compared(
        "precision-recall", model, data, options, workbench, floor=options.floor
    )
    count, others = compared.request.count, len(compared.other or ())
    needed = max(options.k, options.density_k) + 1
    check_enough("precision-recall", len(compared.real), count, needed)
    extractor = workbench.extractor(options.extractor, options.layer, model.device)
    resize = extractor.resize(compared.real)
    notes = compared.notes()
    draw, of_real, of_made, of_other = in_stages(progress, count, len(compared.real), count, others)
    made = compared.draw(draw)
    real = workbench.features(compared.real, extractor, of_real)
    found = manifold_scores(
        real,
        workbench.features(made, extractor, of_made),
        k=options.k,
        density_k=options.density_k,
    )
    floor = None
    if compared.other is not None and others >= needed:
        other = workbench.features(compared.other, extractor, of_other)
        floor = manifold_scores(real, other, k=options.k, density_k=options.density_k)
    results = []
    for name in NAMES:
        values = getattr(found, name)
        protocol = compared.protocol(
            resize,
            notes,
            extractor=extractor.to_dict(),
            k=options.k if name in ("precision", "recall") else options.density_k,
            interval=RESAMPLED if name == "density" else SCORE,
        )
        if floor is not None:
            protocol["floor"] = compared.floor(float(getattr(floor, name).mean()))
        # A density counts neighbourhoods; the others are shares of pictures.
        interval = (
            mean_interval(values, seed=options.seed)
            if name == "density"
            else share_interval(values)
        )
        results.append(mean_result(name, values, "share", protocol, interval))
    return results
