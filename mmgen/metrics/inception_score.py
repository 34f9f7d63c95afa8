"""Inception score: are pictures clear, and are they varied, as a classifier sees them?"""

import torch
from torch import Tensor

from mmgen.data import PictureData
from mmgen.interfaces import Model, Progress
from mmgen.metrics.bootstrap import RESAMPLED, Interval, quantiles, resample
from mmgen.metrics.compared import check_enough, open_compared
from mmgen.metrics.result import MetricResult
from mmgen.metrics.sampling_options import InceptionScoreOptions
from mmgen.metrics.stages import in_stages
from mmgen.metrics.workbench import Workbench


def inception_score(
    model: Model,
    data: PictureData,
    options: InceptionScoreOptions,
    progress: Progress | None = None,
    workbench: Workbench | None = None,
) -> list[MetricResult]:
    """Return exp E KL(p(y|x) || p(y)), Salimans et al. 2016, 1 to the number of classes.

    The pictures, shuffled by the seed, are scored in parts; the figure is the parts' mean, their
    deviation is in the protocol. Any classifier of the zoo serves: figures of two classifiers
    cannot be compared. The floor, which is a ceiling here, is the score of real pictures. The
    interval is a percentile bootstrap of the score of all pictures, moved to lie about the
    figure, which smaller parts bring down a little.

    Raises:
        UnsupportedOperationError: the model makes no pictures, or the judge does not classify.
        DataError: too few pictures, of another size or other channels, or NaN.
    """
    workbench = workbench or Workbench()
    compared = open_compared("inception-score", model, data, options, workbench)
    count = compared.request.count
    check_enough("inception-score", len(compared.real), count, options.splits)
    judge = workbench.judge(options.classifier, model.device)
    resize = judge.resize(compared.real)
    notes = compared.notes()
    draw, look, look_again = in_stages(progress, count, count, len(compared.real))
    probabilities = judge.probabilities(compared.draw(draw), look)
    scores = split_scores(probabilities, options.splits, options.seed)
    protocol = compared.protocol(
        resize,
        notes,
        classifier={"name": judge.name, "sha256": judge.sha256, "classes": len(judge.classes)},
        splits=options.splits,
        split_deviation=float(scores.std(correction=0)),
        interval=RESAMPLED,
    )
    if options.floor:
        real = judge.probabilities(compared.real, look_again)
        value = float(split_scores(real, options.splits, options.seed).mean())
        protocol["floor"] = {
            "value": value,
            "of": f"real {compared.real.split}",
            "num_pictures": [len(compared.real)],
        }
    return [
        MetricResult(
            name="inception-score",
            value=float(scores.mean()),
            unit="",
            num_images=count,
            interval=score_interval(probabilities, float(scores.mean()), options.seed),
            protocol=protocol,
        )
    ]


def split_scores(probabilities: Tensor, splits: int, seed: int = 0) -> Tensor:
    """Return the scores, float64 (S,), of S parts of shuffled probabilities (N, K), N >= S."""
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randperm(len(probabilities), generator=generator)
    parts = probabilities.double()[rows].tensor_split(splits)
    return torch.stack([_score(_information(part).mean(), part.mean(dim=0)) for part in parts])


def score_interval(probabilities: Tensor, figure: float, seed: int = 0) -> Interval:
    """Return the 95 % interval of a score of probabilities (N, K), resampled over pictures."""
    probabilities = probabilities.double()
    information = _information(probabilities)
    found = [
        _score(weights @ information, weights @ probabilities)
        for weights in resample(len(probabilities), seed=seed)
    ]
    scores = torch.cat(found)
    return quantiles(scores - scores.mean() + figure)


def _information(probabilities: Tensor) -> Tensor:
    """Return Σ p log p of each picture, (N,)."""
    return torch.special.xlogy(probabilities, probabilities).sum(dim=1)


def _score(information: Tensor, marginal: Tensor) -> Tensor:
    """Return exp(E Σ p(y|x) log p(y|x) - Σ p(y) log p(y)): equation 1, written out."""
    return (information - torch.special.xlogy(marginal, marginal).sum(dim=-1)).exp()
