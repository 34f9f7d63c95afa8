"""What the core itself brings, through the same hooks as every plugin."""

from dataclasses import dataclass

from mmgen.families import API_VERSION, Architecture, Family, Metric, Modality
from mmgen.hookspecs import hookimpl
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
            name="audio",
            kind="semantic",
            reader="mmgen.media.sound:read_sounds",
            summary="sound: path, bytes, samples, or samples with their rate",
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
    """Measures that need nothing but the model and the data, and what the zoo has to judge them."""
    return [
        Metric(
            name="agreement",
            summary="how often samples are of the class asked for, and how varied each class is",
            function="mmgen.metrics.agreement:agreement",
            options="mmgen.metrics.sampling_options:AgreementOptions",
            workbench=True,
        ),
        Metric(
            name="classification",
            summary="accuracy, and precision and recall of each class; a confusion picture",
            function="mmgen.metrics.classification:classification",
            options="mmgen.metrics.options:ClassificationOptions",
        ),
        Metric(
            name="classification-accuracy-score",
            summary="what a classifier that learns from samples alone can tell apart: CAS",
            function="mmgen.metrics.accuracy_score:classification_accuracy_score",
            options="mmgen.metrics.options:AccuracyScoreOptions",
            workbench=True,
        ),
        Metric(
            name="clip-score",
            summary="how near samples are to the captions they were made from, as a judge sees it",
            function="mmgen.metrics.clip_score:clip_score",
            options="mmgen.metrics.matching_options:ClipScoreOptions",
            workbench=True,
        ),
        Metric(
            name="fid",
            summary="Fréchet distance of samples and real pictures, in features of any encoder",
            function="mmgen.metrics.frechet:frechet",
            options="mmgen.metrics.sampling_options:FidOptions",
            workbench=True,
        ),
        Metric(
            name="inception-score",
            summary="how clear and how varied samples are, as any classifier sees them",
            function="mmgen.metrics.inception_score:inception_score",
            options="mmgen.metrics.sampling_options:InceptionScoreOptions",
            workbench=True,
        ),
        Metric(
            name="kid",
            summary="kernel distance of samples and real pictures: unbiased, also for few of them",
            function="mmgen.metrics.kernel:kernel",
            options="mmgen.metrics.sampling_options:KidOptions",
            workbench=True,
        ),
        Metric(
            name="modes",
            summary="modes covered and their KL divergence: StackedMNIST, or classes of grey data",
            function="mmgen.metrics.modes:modes",
            options="mmgen.metrics.options:ModesOptions",
            workbench=True,
        ),
        Metric(
            name="neighbours",
            summary="how near samples are to training pictures; a picture of the nearest pairs",
            function="mmgen.metrics.neighbours:neighbours",
            options="mmgen.metrics.sampling_options:NeighboursOptions",
            workbench=True,
        ),
        Metric(
            name="nll",
            summary="negative log-likelihood of pictures never seen, in nats per picture",
            function="mmgen.metrics.likelihood:negative_log_likelihood",
            options="mmgen.metrics.options:LikelihoodOptions",
        ),
        Metric(
            name="precision-recall",
            summary="precision, recall, density and coverage of samples among real pictures",
            function="mmgen.metrics.precision_recall:precision_recall",
            options="mmgen.metrics.sampling_options:PrecisionRecallOptions",
            workbench=True,
        ),
        Metric(
            name="reconstruction",
            summary="mean squared error, PSNR and SSIM of reconstructed pictures",
            function="mmgen.metrics.reconstruction:reconstruction_error",
            options="mmgen.metrics.options:ReconstructionOptions",
        ),
        Metric(
            name="retrieval",
            summary="how often the right caption, or picture, is the nearest among a hundred",
            function="mmgen.metrics.retrieval:retrieval",
            options="mmgen.metrics.matching_options:RetrievalOptions",
            workbench=True,
        ),
        Metric(
            name="zero-shot",
            summary="accuracy of classes that are only named, in captions by templates",
            function="mmgen.metrics.zero_shot:zero_shot",
            options="mmgen.metrics.matching_options:ZeroShotOptions",
        ),
    ]
