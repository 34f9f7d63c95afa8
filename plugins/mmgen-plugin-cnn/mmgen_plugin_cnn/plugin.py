"""What this distribution brings to mmgen. No torch here."""

from pathlib import Path

from mmgen.families import Architecture, Family, Paper
from mmgen.hookspecs import hookimpl
from mmgen.options import Options
from mmgen_plugin_cnn.config import (
    AutoencoderConfig,
    AutoencoderTraining,
    ClassifierConfig,
    ClassifierTraining,
    CnnConfig,
    ResNetConfig,
)

MMGEN_API = 1

_PAPERS = (
    Paper(
        title="Gradient-Based Learning Applied to Document Recognition",
        authors="LeCun, Bottou, Bengio and Haffner",
        year=1998,
    ),
    Paper(
        title="Very Deep Convolutional Networks for Large-Scale Image Recognition",
        authors="Simonyan and Zisserman",
        year=2015,
        url="https://arxiv.org/abs/1409.1556",
    ),
    Paper(
        title="Identity Mappings in Deep Residual Networks",
        authors="He, Zhang, Ren and Sun",
        year=2016,
        url="https://arxiv.org/abs/1603.05027",
    ),
    Paper(
        title="Reducing the Dimensionality of Data with Neural Networks",
        authors="Hinton and Salakhutdinov",
        year=2006,
    ),
)


def _classifier(
    name: str, summary: str, network: str, config: type[ClassifierConfig]
) -> Architecture:
    return Architecture(
        name=name,
        summary=summary,
        kind="encoder",
        network=f"mmgen_plugin_cnn.{network}",
        config=config,
        trainer="mmgen_plugin_cnn.trainer:ClassifierTrainer",
        training=ClassifierTraining,
        tasks=("image-classification", "image-feature-extraction"),
    )


@hookimpl
def mmgen_families() -> list[Family]:
    """Convolutional networks."""
    architectures = (
        _classifier("cnn", "convolutions and pooling by turns", "stack:Cnn", CnnConfig),
        _classifier(
            "resnet", "residual blocks; any size and channels", "resnet:ResNet", ResNetConfig
        ),
        Architecture(
            name="conv-autoencoder",
            summary="through a small map of latents and back; or from one picture to another",
            network="mmgen_plugin_cnn.autoencoder:ConvAutoencoder",
            config=AutoencoderConfig,
            generation=Options,
            trainer="mmgen_plugin_cnn.autoencoder_trainer:AutoencoderTrainer",
            training=AutoencoderTraining,
            tasks=("image-to-image", "restoration"),
        ),
    )
    return [
        Family(
            name="cnn",
            summary="convolutional networks: features of pictures, classes, pictures from pictures",
            architectures=architectures,
            papers=_PAPERS,
        )
    ]


@hookimpl
def mmgen_models() -> str:
    """The models that ride in this package."""
    return str(Path(__file__).parent / "registry.toml")
