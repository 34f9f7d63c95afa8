"""The classification accuracy score: what a classifier learns from samples alone."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from mmgen.data import PictureData
from mmgen.data.splits import canonical
from mmgen.errors import DataError, InputError, UnsupportedOperationError
from mmgen.interfaces import Generator, Model, Progress
from mmgen.metrics.classification import count_confusion, predict_classes
from mmgen.metrics.classifier_recipe import read_recipe, train_classifier
from mmgen.metrics.confusion import draw_confusion
from mmgen.metrics.options import AccuracyScoreOptions
from mmgen.metrics.pictures import choose_pictures
from mmgen.metrics.result import MetricResult, mean_result
from mmgen.metrics.samples import SampleRequest, check_generator, read_sampling, read_settings
from mmgen.metrics.stages import in_stages
from mmgen.metrics.workbench import Workbench
from mmgen.training import Settings

_AT_ONCE = 256
_MOST_CLASSES_DRAWN = 100


def classification_accuracy_score(
    model: Model,
    data: PictureData,
    options: AccuracyScoreOptions,
    progress: Progress | None = None,
    workbench: Workbench | None = None,
) -> list[MetricResult]:
    """Return the accuracy, on real pictures, of classifiers that learned from samples alone.

    Ravuri and Vinyals 2019: N samples, as many of each class, train a classifier by a fixed
    recipe, and the real pictures of `data` test it. The score falls where samples are unlike
    their class, and where they lack its variety. Mean and standard error are over trainings, each
    with a seed of its own, on the same samples. With `real`, a second result is that of the same
    recipe and as many steps on the real train split. Nothing stays on the disk.

    Args:
        data: labelled pictures that model and classifiers never saw: the test split.
    Raises:
        UnsupportedOperationError: the model draws no pictures, or none of a class.
        DataError: the data has no labels, other classes or another size; or, with `real`, it is
            the train split itself or has none beside it.
        InputError: fewer samples than classes.
        NotInstalledError: the classifier's plugin, or the extra `train`, is missing.
        OptionError: the recipe cannot be used, or `sampling` holds something else than
            NAME=VALUE.
    """
    model = check_generator(model, "classification-accuracy-score")
    classes = _classes_of(model)
    if options.num_samples < len(classes):
        raise InputError(
            "classification-accuracy-score takes samples of every class; there are "
            f"{len(classes)}, num_samples is {options.num_samples}"
        )
    test = _labelled(model, data, classes)
    settings = read_recipe(options.recipe, steps=options.steps, device=str(model.device))
    real = {"real": _train_split(model, data, classes)} if options.real else {}
    request = SampleRequest(
        count=options.num_samples,
        seed=options.seed,
        conditions=("label",),
        settings=read_sampling(options.sampling),
        batch_size=options.batch_size,
    )
    work = options.runs * settings.training.steps * settings.training.batch_size
    drawn, trained = in_stages(progress, options.num_samples, (1 + len(real)) * work)
    samples = (workbench or Workbench()).samples(model, test, request, drawn)
    sets = {"samples": samples, **real}
    done = 0
    results = []
    for name, pictures in sets.items():
        predicted = []
        for run in range(options.runs):
            judge = train_classifier(settings, pictures, seed=options.seed + run)
            predicted.append(predict_classes(judge, test, _AT_ONCE))
            done += work // options.runs
            trained(done, len(sets) * work)
        protocol = _protocol(settings, pictures) | {"runs": options.runs}
        if name == "samples":
            protocol |= {
                "num_generated": len(pictures),
                "sampling": request.to_dict(),
                "generation": read_settings(model, request),
            }
        results.append(_result(name, test, predicted, protocol))
    return _with_floor(results, test)


def _classes_of(model: Generator) -> tuple[str, ...]:
    """Return the classes that a generator can be asked for."""
    classes = {slot.name: slot.classes for slot in model.slots}.get("label")
    if not classes:
        raise UnsupportedOperationError(
            "classification-accuracy-score needs a model that draws pictures of a class (label); "
            f"{model.title} takes {', '.join(slot.name for slot in model.slots) or 'no conditions'}"
        )
    return tuple(classes)


def _labelled(model: Generator, data: PictureData, classes: Sequence[str]) -> PictureData:
    """Return the data with the model's classes, if its pictures are of the model's size."""
    if data.labels is None:
        raise DataError(f"classification-accuracy-score needs labels; {data.name} has none")
    return choose_pictures(model, data.with_labels(classes), None)


def _train_split(model: Generator, data: PictureData, classes: Sequence[str]) -> PictureData:
    if canonical(data.split) == "train":
        raise DataError(
            "classification-accuracy-score tests on pictures that no classifier learned from; got "
            f"the train split of {data.name}: choose --split test, or set real=no"
        )
    try:
        train = data.other_split("train")
    except DataError as error:
        raise DataError(f"{error}; set real=no to leave out the figure of real pictures") from error
    return _labelled(model, train, classes)


def _protocol(settings: Settings, pictures: PictureData) -> dict[str, Any]:
    return {
        "num_train": len(pictures),
        "recipe": {
            "architecture": settings.architecture,
            "model": settings.model,
            "trainer": settings.trainer.to_dict(),
            "training": settings.training.to_dict(),
        },
    }


def _with_floor(results: list[MetricResult], test: PictureData) -> list[MetricResult]:
    """Return the results, the first with the figure of real pictures, where there is one."""
    ours, *others = results
    for real in others:
        floor = {
            "value": real.value,
            "of": f"trained on real train, tested on real {test.split}",
            "num_pictures": [real.protocol["num_train"], len(test)],
        }
        ours = replace(ours, protocol={**ours.protocol, "floor": floor})
    return [ours, *others]


def _result(
    name: str, test: PictureData, predicted: Sequence[Tensor], protocol: dict[str, Any]
) -> MetricResult:
    """Return the mean over trainings; the picture counts the mistakes of all of them."""
    assert test.labels is not None
    assert test.class_names is not None
    actual = test.labels.cpu()
    accuracies = torch.stack([(labels == actual).double().mean() for labels in predicted])
    title = "classification-accuracy-score"
    title += " of real pictures" if name == "real" else ""
    each = ", ".join(f"{accuracy:.4f}" for accuracy in accuracies.tolist())
    spread = f"; standard deviation {accuracies.std():.4f}" if len(accuracies) > 1 else ""
    protocol |= {"notes": [f"training by training: {each}{spread}"]}
    result = replace(mean_result(title, accuracies, "share", protocol), num_images=len(test))
    if len(test.class_names) <= _MOST_CLASSES_DRAWN:
        size = len(test.class_names)
        confusion = torch.stack([count_confusion(actual, labels, size) for labels in predicted])
        result.pictures["confusion"] = draw_confusion(confusion.sum(dim=0), test.class_names)
    return result
