"""Accuracy where classes are only named."""

import torch

from mmgen.data import PictureData
from mmgen.errors import DataError
from mmgen.interfaces import Model, Progress
from mmgen.metrics.bootstrap import SCORE, share_interval
from mmgen.metrics.classification import count_confusion
from mmgen.metrics.compared import choose_some
from mmgen.metrics.confusion import draw_confusion
from mmgen.metrics.matchers import Matcher
from mmgen.metrics.matching_options import ZeroShotOptions
from mmgen.metrics.result import MetricResult, mean_result

_MOST_CLASSES_DRAWN = 100


def zero_shot(
    model: Model,
    data: PictureData,
    options: ZeroShotOptions,
    progress: Progress | None = None,
) -> MetricResult:
    """Return how often a picture's class is the one whose name in a caption is the nearest.

    Radford et al. 2021, section 3.1.2, several templates' mean as in 3.1.4. It has a confusion
    picture.

    Raises:
        UnsupportedOperationError: the model does not embed pictures and texts together.
        DataError: the data has no labels, or fewer than two classes.
    """
    matcher = Matcher(model)
    matcher.demand("image", "text")
    if data.labels is None or data.class_names is None:
        raise DataError(f"zero-shot needs labels; {data.name} has none")
    classes = data.class_names
    if len(classes) < 2:
        raise DataError(f"zero-shot needs two classes or more; {data.name} has {classes[0]!r}")
    resize = matcher.resize(data)
    data, part = choose_some(data, options.num_images, options.seed)
    assert data.labels is not None
    predicted = []
    for rows in torch.arange(len(data)).split(options.batch_size):
        images = data.batch(rows, columns=())["target"]
        said = matcher.model.classify(images, classes, templates=options.templates)
        predicted.append(said.labels.cpu())
        if progress is not None:
            progress(int(rows[-1]) + 1, len(data))
    actual, found = data.labels.cpu(), torch.cat(predicted)
    right = (actual == found).double()
    protocol = {
        "classes": list(classes),
        "templates": list(options.templates),
        "resize": resize,
        "part": part,
        "interval": SCORE,
    }
    result = mean_result("zero-shot accuracy", right, "share", protocol, share_interval(right))
    if len(classes) <= _MOST_CLASSES_DRAWN:
        confusion = count_confusion(actual, found, len(classes))
        result.pictures["confusion"] = draw_confusion(confusion, classes)
    return result
