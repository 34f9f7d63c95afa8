"""What this distribution brings to mmgen. No torch here."""

from pathlib import Path

from mmgen.families import Architecture, Family, Paper
from mmgen.hookspecs import hookimpl
from mmgen_plugin_textgan.config import TextGanConfig, TextGanGeneration, TextGanTraining

MMGEN_API = 1

_PAPERS = (
    Paper(
        title="Generative Adversarial Text to Image Synthesis",
        authors="Reed, Akata, Yan, Logeswaran, Schiele and Lee",
        year=2016,
        url="https://arxiv.org/abs/1605.05396",
    ),
    Paper(
        title="StackGAN: Text to Photo-realistic Image Synthesis with Stacked Generative "
        "Adversarial Networks",
        authors="Zhang et al.",
        year=2017,
        url="https://arxiv.org/abs/1612.03242",
    ),
    Paper(
        title="AttnGAN: Fine-Grained Text to Image Generation with Attentional Generative "
        "Adversarial Networks",
        authors="Xu et al.",
        year=2018,
        url="https://arxiv.org/abs/1711.10485",
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


@hookimpl
def mmgen_families() -> list[Family]:
    """Adversarial networks that look at words."""
    architecture = Architecture(
        name="textgan",
        summary="told of the sentence at every size, with attention over the words",
        network="mmgen_plugin_textgan.generator:TextGan",
        config=TextGanConfig,
        generation=TextGanGeneration,
        trainer="mmgen_plugin_textgan.trainer:TextGanTrainer",
        training=TextGanTraining,
        tasks=("text-to-image", "unconditional-image-generation"),
    )
    return [
        Family(
            name="textgan",
            summary="adversarial networks that answer words: captions, or any conditions, in one "
            "pass",
            architectures=(architecture,),
            papers=_PAPERS,
        )
    ]


@hookimpl
def mmgen_models() -> str:
    """The models that ride in this package."""
    return str(Path(__file__).parent / "registry.toml")
