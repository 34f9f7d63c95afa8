"""The metrics `scene-attributes`, of generators, and `scene-reading`, of those who judge them."""

import warnings
from typing import Any

import torch

from mmgen.data import PictureData
from mmgen.errors import (
    DataError,
    MmgenWarning,
    UnsupportedConditionError,
    UnsupportedOperationError,
)
from mmgen.interfaces import Model, Progress
from mmgen.metrics import MetricResult, Workbench
from mmgen.metrics.bootstrap import BY_INFLUENCE
from mmgen.metrics.compared import Compared, open_compared
from mmgen.metrics.extractors import describe_resize, model_name, weights_sha256
from mmgen.metrics.stages import in_stages
from mmgen_plugin_scenes.attributes import Share, score
from mmgen_plugin_scenes.config import SceneAttributesOptions, SceneReadingOptions
from mmgen_plugin_scenes.reader import SceneReader
from mmgen_plugin_scenes.readings import Readings, read_captions

_AT_ONCE = 256


def scene_attributes(
    model: Model,
    data: PictureData,
    options: SceneAttributesOptions,
    progress: Progress | None = None,
    workbench: Workbench | None = None,
) -> list[MetricResult]:
    """Return how much of the captions is in the pictures that a model draws for them.

    A `scene-reader` looks at each drawn picture, and at the real one of the same caption; what
    the figures count is said in `score`. Each is `scene-NAME`, with a 95 % interval; the floor, a
    ceiling here, is the figure of the real pictures, with its own interval. The test split of
    `mnist-scenes` asks for combinations that training never shows, at least one in a picture.

    Raises:
        UnsupportedOperationError: the model makes no pictures, or the reader reads none.
        UnsupportedConditionError: the model takes no text.
        DataError: the data has no captions, or pictures of another size.
        InputError: a caption is not of the scenes' grammar.
    """
    workbench = workbench or Workbench()
    _texts(data, "scene-attributes")
    compared = open_compared("scene-attributes", model, data, options, workbench)
    _check_text_slot(compared)
    reader = _check_reader(workbench.model(options.reader, model.device), options.reader)
    texts = _texts(compared.real, "scene-attributes")
    said_of_real = read_captions(texts)
    said = read_captions([texts[i % len(texts)] for i in range(compared.request.count)])
    resize = describe_resize(reader.size, compared.real, options.reader)
    notes = [*compared.notes(), *_note_train(data)]
    steps = in_stages(progress, len(said), len(said), len(said_of_real))
    drawn = compared.draw(steps[0])
    shares = score(said, read_pictures(reader, drawn, steps[1]))
    real = score(said_of_real, read_pictures(reader, compared.real, steps[2]))
    judge = {"name": options.reader, "sha256": weights_sha256(reader)}
    protocol = compared.protocol(resize, notes, classifier=judge, interval=BY_INFLUENCE)
    return [
        _result(name, share, protocol | {"floor": _floor(real.get(name), compared)}, options.seed)
        for name, share in shares.items()
    ]


def scene_reading(
    model: Model,
    data: PictureData,
    options: SceneReadingOptions,
    progress: Progress | None = None,
) -> list[MetricResult]:
    """Return how much of the captions of real scenes a reader reads: what `score` counts.

    Raises:
        UnsupportedOperationError: the model is no reader.
        DataError: the data has no captions.
        InputError: a caption is not of the scenes' grammar.
    """
    reader = _check_reader(model, model_name(model))
    if options.num_images is not None and options.num_images < len(data):
        data = data.select(torch.arange(options.num_images))
    said = read_captions(_texts(data, "scene-reading"))
    resize = describe_resize(reader.size, data, model_name(model))
    shares = score(said, read_pictures(reader, data, progress))
    protocol = {"resize": resize, "interval": BY_INFLUENCE}
    return [_result(name, share, protocol) for name, share in shares.items()]


def read_pictures(
    reader: SceneReader, pictures: PictureData, progress: Progress | None = None
) -> Readings:
    """Return what a reader sees in pictures."""
    reader.eval()
    parts = []
    for rows in torch.arange(len(pictures)).split(_AT_ONCE):
        parts.append(reader.read(pictures.batch(rows, columns=())["target"]))
        if progress is not None:
            progress(int(rows[-1]) + 1, len(pictures))
    return Readings.joined(parts)


def _texts(data: PictureData, metric: str) -> list[str]:
    if data.texts is None:
        raise DataError(
            f"{metric} needs the captions of scenes; {data.name} has none: take mnist-scenes"
        )
    return list(data.texts)


def _check_reader(model: Model, name: str) -> SceneReader:
    if not isinstance(model, SceneReader):
        raise UnsupportedOperationError(
            f"scenes are read by a scene-reader; {name!r} is a {model.identity.architecture!r}: "
            "train one with mmgen train scene-reader --data mnist-scenes"
        )
    return model


def _check_text_slot(compared: Compared) -> None:
    slots = [slot.name for slot in compared.model.slots]
    if "text" not in slots:
        raise UnsupportedConditionError(
            f"scene-attributes asks for pictures by caption; {compared.model.title} takes no text, "
            f"but {', '.join(slots) or 'no conditions'}"
        )


def _note_train(data: PictureData) -> list[str]:
    """Return, and warn of, that captions of other splits ask for nothing new."""
    if data.split == "test":
        return []
    note = (
        f"captions of {data.split} ask for combinations that were seen in training: take the test "
        "split for those that never were"
    )
    warnings.warn(f"scene-attributes: {note}", MmgenWarning, stacklevel=3)
    return [note]


def _floor(share: Share | None, compared: Compared) -> dict[str, Any] | None:
    if share is None:
        return None
    return {
        "value": share.value,
        "of": f"real {compared.real.split}",
        "num_pictures": [share.num_pictures],
        "interval": list(share.interval()),
    }


def _result(name: str, share: Share, protocol: dict[str, Any], seed: int = 0) -> MetricResult:
    return MetricResult(
        name=f"scene-{name}",
        value=share.value,
        unit="share",
        num_images=share.num_pictures,
        interval=share.interval(seed),
        protocol=protocol,
    )
