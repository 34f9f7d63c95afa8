"""How often a classifier is right, and what it takes for what."""

from typing import Any

import torch
from torch import Tensor

from mmgen.data import PictureData
from mmgen.errors import DataError, UnsupportedOperationError
from mmgen.interfaces import Classifies, Encoder, Model, Progress
from mmgen.metrics.confusion import draw_confusion
from mmgen.metrics.options import ClassificationOptions
from mmgen.metrics.result import MetricResult, mean_result


def classification(
    model: Model,
    data: PictureData,
    options: ClassificationOptions,
    progress: Progress | None = None,
) -> list[MetricResult]:
    """Return accuracy, and precision and recall of each class; accuracy has a confusion picture.

    Recall is the share of a class's pictures that are found; precision the share of the pictures
    taken for a class that are of it (none taken: 0).

    Raises:
        UnsupportedOperationError: the model does not classify.
        DataError: the data has no labels, or classes that the model does not know.
    """
    if not isinstance(model, Classifies) or not model.classes:
        raise UnsupportedOperationError(
            "classification needs a model that tells classes apart (classify); "
            f"{model.identity.architecture or type(model).__name__} does not"
        )
    if data.labels is None:
        raise DataError(f"classification needs labels; {data.name} has none")
    data = data.with_labels(model.classes)
    if options.num_images is not None:
        data = data.select(torch.arange(min(options.num_images, len(data))))
    predicted = predict_classes(model, data, options.batch_size, progress)
    assert data.labels is not None
    actual = data.labels.cpu()
    confusion = count_confusion(actual, predicted, len(model.classes))
    protocol = _protocol(model, data)
    accuracy = mean_result("accuracy", (actual == predicted).float(), "share", protocol)
    accuracy.pictures["confusion"] = draw_confusion(confusion, model.classes)
    return [accuracy, *_per_class(confusion, model.classes, protocol)]


def count_confusion(actual: Tensor, predicted: Tensor, num_classes: int) -> Tensor:
    """Return int64 (K, K): how many pictures of each class (row) were taken for which (column)."""
    places = actual * num_classes + predicted
    return places.bincount(minlength=num_classes**2).view(num_classes, num_classes)


def predict_classes(
    model: Classifies, data: PictureData, batch_size: int, progress: Progress | None = None
) -> Tensor:
    """Return the most probable class of each picture, int64 (N,), on the CPU."""
    predicted: list[Tensor] = []
    done = 0
    for rows in torch.arange(len(data)).split(batch_size):
        images = data.batch(rows, columns=())["target"]
        predicted.append(model.classify(images).labels.cpu())
        done += len(rows)
        if progress is not None:
            progress(done, len(data))
    return torch.cat(predicted)


def _per_class(
    confusion: Tensor, classes: tuple[str, ...], protocol: dict[str, Any]
) -> list[MetricResult]:
    right = confusion.diagonal().double()
    totals = {"precision": confusion.sum(dim=0), "recall": confusion.sum(dim=1)}
    return [
        MetricResult(
            name=f"{name} of {label}",
            value=float(right[index] / totals[name][index].clamp(min=1)),
            unit="share",
            num_images=int(totals[name][index]),
            protocol=protocol,
        )
        for index, label in enumerate(classes)
        for name in totals
    ]


def _protocol(model: Classifies, data: PictureData) -> dict[str, Any]:
    protocol: dict[str, Any] = {"classes": list(model.classes)}
    size = model.size if isinstance(model, Encoder) else None
    if size is not None and tuple(data.images.shape[2:]) != (size.height, size.width):
        protocol["resized_to"] = [size.height, size.width]
    return protocol
