"""Does a model draw new pictures, or those it learned from?"""

import numpy as np
import torch
from torch import Tensor

from mmgen.data import PictureData
from mmgen.errors import DataError
from mmgen.interfaces import Model, Progress
from mmgen.media.pictures import tile, to_bytes
from mmgen.metrics.bootstrap import (
    BY_INFLUENCE,
    RESAMPLED,
    SCORE,
    linear_interval,
    mean_interval,
    share_interval,
)
from mmgen.metrics.compared import check_enough, open_compared
from mmgen.metrics.manifold import nearest_neighbours
from mmgen.metrics.result import MetricResult, mean_result
from mmgen.metrics.sampling_options import NeighboursOptions
from mmgen.metrics.stages import in_stages
from mmgen.metrics.workbench import Workbench

_COPY_SHARE = 0.01
_GAP_PX = 2


def neighbours(
    model: Model,
    data: PictureData,
    options: NeighboursOptions,
    progress: Progress | None = None,
    workbench: Workbench | None = None,
) -> list[MetricResult]:
    """Return how near samples are to the training pictures, beside real pictures never seen.

    `nearest-training` is the mean distance of a sample to its nearest training picture; its
    floor that of real pictures of the other split. `nearer-than-real` is the share of pairs, a
    sample and a real picture, in which the sample is nearer to its neighbour: 0.5 where samples
    are as new as real pictures, 1 where all are copies. `near-copies` is the share of samples
    nearer than all but 1 % of the real pictures: 0.01 where samples are as new. The first
    result has a picture of the nearest pairs: each sample above its neighbour.

    Args:
        data: real pictures that the model never saw; the train split is read beside them.

    Raises:
        UnsupportedOperationError: the model makes no pictures, or the extractor is none.
        DataError: there is no train split, or no other one; too few pictures, of another size or
            other channels, or features that are NaN.
    """
    workbench = workbench or Workbench()
    compared = open_compared("neighbours", model, data, options, workbench)
    if data.split == "train":
        raise DataError(
            "neighbours holds samples and unseen real pictures against the train split; got the "
            "train split itself: set --split test, or valid"
        )
    train = workbench.other_split(data, "train")
    if train is None:
        raise DataError(
            f"neighbours looks for samples among the pictures that were learned from; {data.name} "
            "has no train split of this size: load it from its source"
        )
    count = compared.request.count
    check_enough("neighbours", len(compared.real), count, 1)
    extractor = workbench.extractor(options.extractor, options.layer, model.device)
    resize = extractor.resize(compared.real)
    notes = compared.notes()
    draw, of_train, of_made, of_real = in_stages(
        progress, count, len(train), count, len(compared.real)
    )
    made = compared.draw(draw)
    gallery = workbench.features(train, extractor, of_train)
    distances, rows = nearest_neighbours(workbench.features(made, extractor, of_made), gallery)
    unseen, _ = nearest_neighbours(workbench.features(compared.real, extractor, of_real), gallery)
    protocol = compared.protocol(
        resize,
        notes,
        extractor=extractor.to_dict(),
        num_train=len(train),
        interval=RESAMPLED,
    )
    unseen_mean = {
        "value": float(unseen.mean()),
        "of": f"real {compared.real.split} against real train",
        "num_pictures": [len(unseen), len(train)],
    }
    interval = mean_interval(distances, seed=options.seed)
    nearest = mean_result(
        "nearest-training", distances, "feature distance", {**protocol, "floor": unseen_mean},
        interval,
    )  # fmt: skip
    nearest.pictures["pairs"] = draw_pairs(made, train, distances, rows, options.pairs)
    return [
        nearest,
        _nearer(distances, unseen, {**protocol, "floor": unseen_mean | {"value": 0.5}}, options),
        _copies(distances, unseen, {**protocol, "floor": unseen_mean | {"value": _COPY_SHARE}}),
    ]


def _nearer(
    distances: Tensor, unseen: Tensor, protocol: dict[str, object], options: NeighboursOptions
) -> MetricResult:
    """Return the share of pairs in which the sample is nearer; equal ones count half."""
    made_wins = _share_above(distances, unseen)
    real_loses = 1 - _share_above(unseen, distances)
    value = float(made_wins.mean())
    return MetricResult(
        name="nearer-than-real",
        value=value,
        unit="share",
        num_images=len(distances),
        interval=linear_interval(value, made_wins, real_loses, seed=options.seed),
        protocol={**protocol, "interval": BY_INFLUENCE},
    )


def _share_above(values: Tensor, others: Tensor) -> Tensor:
    """Return for each value, (n,), the share of the others that are larger, ties half."""
    ordered = others.sort().values
    below = torch.searchsorted(ordered, values)
    up_to = torch.searchsorted(ordered, values, right=True)
    return 1 - (below + up_to).double() / (2 * len(ordered))


def _copies(distances: Tensor, unseen: Tensor, protocol: dict[str, object]) -> MetricResult:
    threshold = float(unseen.quantile(_COPY_SHARE))
    values = (distances < threshold).double()
    return mean_result(
        "near-copies",
        values,
        "share",
        {**protocol, "threshold": threshold, "interval": SCORE},
        share_interval(values),
    )


def draw_pairs(
    made: PictureData, train: PictureData, distances: Tensor, rows: Tensor, pairs: int
) -> np.ndarray:
    """Return uint8 (H, W[, C]): the nearest pairs, the sample above its training picture.

    Args:
        distances: (N,), of the samples.
        rows: int64 (N,), their neighbours among the training pictures.
    """
    nearest = distances.argsort()[:pairs]
    upper = made.batch(nearest, columns=())["target"]
    lower = train.batch(rows[nearest], columns=())["target"]
    gap = torch.ones(*upper.shape[:2], _GAP_PX, upper.shape[3])
    return tile(to_bytes(torch.cat([upper, gap, lower], dim=2)), padding=2 * _GAP_PX)
