"""Does a model draw what it was asked for, and each class in all its variety?"""

from typing import Any

from torch import Tensor

from mmgen.data import PictureData
from mmgen.errors import DataError, UnsupportedOperationError
from mmgen.interfaces import HasFeatures, Model, Progress
from mmgen.metrics.bootstrap import BY_INFLUENCE, SCORE, linear_interval, share_interval
from mmgen.metrics.compared import open_compared
from mmgen.metrics.extractors import INCEPTION, ZooExtractor
from mmgen.metrics.judges import Judge
from mmgen.metrics.manifold import mean_distances
from mmgen.metrics.result import MetricResult, mean_result
from mmgen.metrics.sampling_options import AgreementOptions
from mmgen.metrics.stages import in_stages
from mmgen.metrics.workbench import Workbench

_FEWEST = 2


def agreement(
    model: Model,
    data: PictureData,
    options: AgreementOptions,
    progress: Progress | None = None,
    workbench: Workbench | None = None,
) -> list[MetricResult]:
    """Return how often a classifier takes samples for the class that was asked for.

    `agreement` and `agreement of CLASS` are shares; the floor, a ceiling here, is how often the
    same classifier is right about real pictures. Where it shows features, `variety of CLASS` is
    the mean distance between two samples of the class over that between two real pictures of
    it: 1 as varied, 0 all the same; `variety` is the mean over the classes. Agreement alone is
    best for typical pictures, again and again: read both. Where texts or sounds are given in
    place of labels, the class is that of the picture they belong to.

    Raises:
        UnsupportedOperationError: the model makes no pictures, or the judge does not classify.
        UnsupportedConditionError: the model does not take what is to be given.
        DataError: the data has no labels, or a class that the judge does not know.
    """
    workbench = workbench or Workbench()
    if data.labels is None:
        raise DataError(
            f"agreement holds samples against real pictures of their class; {data.name} has no "
            "labels: take a labelled set, or name its label_column"
        )
    compared = open_compared("agreement", model, data, options, workbench)
    if options.classifier == INCEPTION:
        raise UnsupportedOperationError(
            f"agreement needs a judge of the data's own classes; those of {INCEPTION!r} have no "
            "names: take a classifier of the zoo"
        )
    judge = workbench.judge(options.classifier, model.device)
    resize = judge.resize(compared.real)
    real = compared.real.with_labels(judge.classes)
    notes = compared.notes()
    count = compared.request.count
    steps = in_stages(progress, count, count, len(real), count, len(real))
    drawn = compared.draw(steps[0])
    made = drawn.with_labels(judge.classes)
    right = _right(judge, made, steps[1])
    real_right = _right(judge, real, steps[2])
    protocol = compared.protocol(
        resize,
        notes,
        classifier={"name": judge.name, "sha256": judge.sha256, "classes": len(judge.classes)},
        interval=SCORE,
    )
    results = _shares(right, made, real_right, real, protocol)
    if isinstance(judge.model, HasFeatures):
        extractor = ZooExtractor(judge.model, options.layer, name=judge.name)
        of_made = workbench.features(drawn, extractor, steps[3])
        of_real = workbench.features(compared.real, extractor, steps[4])
        protocol = {
            **protocol,
            "extractor": extractor.to_dict(),
            "interval": BY_INFLUENCE,
        }
        results += _varieties(of_made, made, of_real, real, protocol, options.seed)
    return results


def _right(judge: Judge, pictures: PictureData, progress: Progress) -> Tensor:
    """Return float64 (N,): 1 where the judge takes a picture for its label."""
    assert pictures.labels is not None
    said = judge.probabilities(pictures, progress).argmax(dim=1)
    return (said == pictures.labels.cpu()).double()


def _shares(
    right: Tensor,
    made: PictureData,
    real_right: Tensor,
    real: PictureData,
    protocol: dict[str, Any],
) -> list[MetricResult]:
    def share(name: str, values: Tensor, real_values: Tensor) -> MetricResult:
        floor = {
            "value": float(real_values.mean()) if len(real_values) else None,
            "of": f"real {real.split}",
            "num_pictures": [len(real_values)],
        }
        protocol_here = {**protocol, "floor": floor}
        return mean_result(name, values, "share", protocol_here, share_interval(values))

    results = [share("agreement", right, real_right)]
    for label, rows, real_rows in _by_class(made, real):
        results.append(share(f"agreement of {label}", right[rows], real_right[real_rows]))
    return results


def _by_class(made: PictureData, real: PictureData) -> list[tuple[str, Tensor, Tensor]]:
    """Return name and rows, drawn and real, of the classes that were asked for."""
    assert made.labels is not None
    assert real.labels is not None
    assert made.class_names is not None
    found = []
    for number in made.labels.unique().tolist():
        rows = (made.labels == number).nonzero()[:, 0]
        real_rows = (real.labels.cpu() == number).nonzero()[:, 0]
        found.append((made.class_names[number], rows, real_rows))
    return found


def _varieties(
    features: Tensor,
    made: PictureData,
    real_features: Tensor,
    real: PictureData,
    protocol: dict[str, Any],
    seed: int,
) -> list[MetricResult]:
    """Return the mean distance within a class over that of real pictures, in all and by class.

    Intervals are of U-statistics, by the first term of their projection (Hoeffding 1948).
    """
    results, ratios, influences, sizes = [], [], [], []
    for label, rows, real_rows in _by_class(made, real):
        if min(len(rows), len(real_rows)) < _FEWEST:
            continue
        drawn, true = mean_distances(features[rows]), mean_distances(real_features[real_rows])
        if not float(true.mean()):
            continue
        ratio = float(drawn.mean() / true.mean())
        parts = (2 * drawn / true.mean(), -2 * ratio * true / true.mean())
        interval = linear_interval(ratio, *parts, seed=seed)
        floor = {
            "value": float(true.mean()),
            "of": f"mean distance of real {real.split}",
            "num_pictures": [len(real_rows)],
        }
        results.append(
            MetricResult(
                name=f"variety of {label}",
                value=ratio,
                unit="of real",
                num_images=len(rows),
                interval=interval,
                protocol={**protocol, "floor": floor},
            )
        )
        ratios.append(ratio)
        influences.append(parts)
        sizes.append(len(rows))
    if not ratios:
        return []
    shares = [part / len(ratios) for parts in influences for part in parts]
    mean = sum(ratios) / len(ratios)
    total = MetricResult(
        name="variety",
        value=mean,
        unit="of real",
        num_images=sum(sizes),
        interval=linear_interval(mean, *shares, seed=seed),
        protocol={**protocol, "lowest": min(ratios)},
    )
    return [total, *results]
