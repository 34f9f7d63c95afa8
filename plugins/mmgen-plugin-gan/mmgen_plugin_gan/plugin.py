"""What this distribution brings to mmgen. No torch here."""

from pathlib import Path

from mmgen.families import Architecture, Family, Paper
from mmgen.hookspecs import hookimpl
from mmgen_plugin_gan.config import (
    DcganConfig,
    GanConfig,
    GanGeneration,
    GanTraining,
    MlpGanConfig,
)

MMGEN_API = 1

_PAPERS = (
    Paper(
        title="Generative Adversarial Networks",
        authors="Goodfellow et al.",
        year=2014,
        url="https://arxiv.org/abs/1406.2661",
    ),
    Paper(
        title="Unsupervised Representation Learning with Deep Convolutional GANs",
        authors="Radford, Metz and Chintala",
        year=2016,
        url="https://arxiv.org/abs/1511.06434",
    ),
    Paper(
        title="cGANs with Projection Discriminator",
        authors="Miyato and Koyama",
        year=2018,
        url="https://arxiv.org/abs/1802.05637",
    ),
    Paper(
        title="The GAN is dead; long live the GAN! A Modern Baseline GAN",
        authors="Huang, Gokaslan, Kuleshov and Tompkin",
        year=2024,
        url="https://arxiv.org/abs/2501.05441",
    ),
)


def _architecture(name: str, summary: str, network: str, config: type[GanConfig]) -> Architecture:
    return Architecture(
        name=name,
        summary=summary,
        network=f"mmgen_plugin_gan.{network}",
        config=config,
        generation=GanGeneration,
        trainer="mmgen_plugin_gan.trainer:GanTrainer",
        training=GanTraining,
        tasks=("unconditional-image-generation", "inpainting"),
    )


@hookimpl
def mmgen_families() -> list[Family]:
    """Generative adversarial networks."""
    return [
        Family(
            name="gan",
            summary="generative adversarial networks: sharp pictures in one pass",
            architectures=(
                _architecture("gan", "multilayer perceptrons", "mlp:MlpGan", MlpGanConfig),
                _architecture(
                    "dcgan", "transposed convolutions", "convolutional:Dcgan", DcganConfig
                ),
            ),
            papers=_PAPERS,
        )
    ]


@hookimpl
def mmgen_models() -> str:
    """The models that ride in this package."""
    return str(Path(__file__).parent / "registry.toml")
