"""What this distribution brings to mmgen. No torch here."""

from pathlib import Path

from mmgen.families import Architecture, Family, Paper
from mmgen.hookspecs import hookimpl
from mmgen.training import LabelTraining
from mmgen_plugin_audio.config import AudioEncoderConfig

MMGEN_API = 1

_PAPERS = (
    Paper(
        title="Comparison of Parametric Representations for Monosyllabic Word Recognition in "
        "Continuously Spoken Sentences",
        authors="Davis and Mermelstein",
        year=1980,
    ),
    Paper(
        title="SpecAugment: A Simple Data Augmentation Method for Automatic Speech Recognition",
        authors="Park, Chan, Zhang, Chiu, Zoph, Cubuk and Le",
        year=2019,
        url="https://arxiv.org/abs/1904.08779",
    ),
)


@hookimpl
def mmgen_families() -> list[Family]:
    """Encoders of sound."""
    encoder = Architecture(
        name="audio-encoder",
        summary="a log-mel spectrogram, convolutions, and attention if wanted",
        kind="encoder",
        network="mmgen_plugin_audio.encoder:AudioEncoder",
        config=AudioEncoderConfig,
        trainer="mmgen.training.label_trainer:LabelTrainer",
        training=LabelTraining,
        tasks=("feature-extraction", "audio-classification"),
    )
    return [
        Family(
            name="audio",
            summary="sound as a condition: speech and other clips of any length",
            architectures=(encoder,),
            papers=_PAPERS,
        )
    ]


@hookimpl
def mmgen_models() -> str:
    """The models that ride in this package."""
    return str(Path(__file__).parent / "registry.toml")
