"""What this distribution brings to mmgen. No torch here."""

from pathlib import Path

from mmgen.families import Architecture, DatasetSource, Family, Metric, Paper
from mmgen.hookspecs import hookimpl
from mmgen_plugin_scenes.config import (
    SceneAttributesOptions,
    SceneReaderConfig,
    SceneReaderTraining,
    SceneReadingOptions,
)

MMGEN_API = 1

_PAPERS = (
    Paper(
        title="CLEVR: A Diagnostic Dataset for Compositional Language and Elementary Visual "
        "Reasoning",
        authors="Johnson, Hariharan, van der Maaten, Fei-Fei, Zitnick and Girshick",
        year=2017,
        url="https://arxiv.org/abs/1612.06890",
    ),
    Paper(
        title="Deep Residual Learning for Image Recognition",
        authors="He, Zhang, Ren and Sun",
        year=2016,
        url="https://arxiv.org/abs/1512.03385",
    ),
)


@hookimpl
def mmgen_families() -> list[Family]:
    """Readers of scenes."""
    reader = Architecture(
        name="scene-reader",
        summary="tells the digit, colour and size at each place of a scene",
        kind="encoder",
        network="mmgen_plugin_scenes.reader:SceneReader",
        config=SceneReaderConfig,
        trainer="mmgen_plugin_scenes.trainer:SceneReaderTrainer",
        training=SceneReaderTraining,
        tasks=("image-feature-extraction",),
    )
    return [
        Family(
            name="scenes",
            summary="scenes of digits by caption: the data set, and who reads them",
            architectures=(reader,),
            papers=_PAPERS,
        )
    ]


@hookimpl
def mmgen_models() -> str:
    """The models that ride in this package."""
    return str(Path(__file__).parent / "registry.toml")


@hookimpl
def mmgen_datasets() -> list[DatasetSource]:
    """Scenes, made of a digit set."""
    return [
        DatasetSource(
            name="mnist-scenes",
            summary="one to three digits at places, in sizes and colours, with captions to match",
            loader="mmgen_plugin_scenes.dataset:load_scenes",
        )
    ]


@hookimpl
def mmgen_metrics() -> list[Metric]:
    """Whether pictures show what their captions say."""
    return [
        Metric(
            name="scene-attributes",
            summary="number, place, value and colour of the digits drawn for captions, each apart",
            function="mmgen_plugin_scenes.metric:scene_attributes",
            options=SceneAttributesOptions,
            workbench=True,
        ),
        Metric(
            name="scene-reading",
            summary="the same of a reader, on real scenes",
            function="mmgen_plugin_scenes.metric:scene_reading",
            options=SceneReadingOptions,
        ),
    ]
