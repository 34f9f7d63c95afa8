"""What the core itself brings, through the same hooks as every plugin."""

from dataclasses import dataclass

from mmgen.families import API_VERSION, Architecture, Family, Metric, Modality
from mmgen.hookspecs import hookimpl
from mmgen.metrics.options import (
    ClassificationOptions,
    LikelihoodOptions,
    ReconstructionOptions,
)
from mmgen.options import Options, option

MMGEN_API = API_VERSION


@dataclass(frozen=True, kw_only=True)
class LabelEmbeddingConfig(Options):
    """A learned vector per class."""

    classes: tuple[str, ...] = option(help="the class names, in the order of their numbers")
    width: int = option(64, minimum=1, help="length of a class's vector")


@hookimpl
def mmgen_families() -> list[Family]:
    """The encoder that needs no plugin: labels."""
    embedding = Architecture(
        name="label-embedding",
        summary="a learned vector per class",
        kind="encoder",
        network="mmgen.interfaces.labels:LabelEmbedding",
        config=LabelEmbeddingConfig,
        tasks=("feature-extraction",),
    )
    return [Family(name="label", summary="labels as conditions", architectures=(embedding,))]


@hookimpl
def mmgen_modalities() -> list[Modality]:
    """The kinds of input that the core reads."""
    return [
        Modality(
            name="label",
            kind="semantic",
            reader="mmgen.media.door:read_labels",
            summary="a class, by name or number",
        ),
        Modality(
            name="text",
            kind="semantic",
            reader="mmgen.media.door:read_texts",
            summary="words",
        ),
        Modality(
            name="image",
            kind="spatial",
            reader="mmgen.media.door:read_images",
            summary="a picture: path, bytes, PIL, array or tensor",
        ),
        Modality(
            name="mask",
            kind="spatial",
            reader="mmgen.media.door:read_masks",
            summary="where to paint: white = paint here, black = keep",
        ),
    ]


@hookimpl
def mmgen_metrics() -> list[Metric]:
    """Measures that need nothing but the model and the data."""
    return [
        Metric(
            name="classification",
            summary="accuracy, and precision and recall of each class; a confusion picture",
            function="mmgen.metrics.classification:classification",
            options=ClassificationOptions,
        ),
        Metric(
            name="nll",
            summary="negative log-likelihood of pictures never seen, in nats per picture",
            function="mmgen.metrics.likelihood:negative_log_likelihood",
            options=LikelihoodOptions,
        ),
        Metric(
            name="reconstruction",
            summary="mean squared error and PSNR of reconstructed pictures",
            function="mmgen.metrics.reconstruction:reconstruction_error",
            options=ReconstructionOptions,
        ),
    ]
