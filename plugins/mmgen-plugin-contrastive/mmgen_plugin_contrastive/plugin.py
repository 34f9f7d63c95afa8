"""What this distribution brings to mmgen. No torch here."""

from pathlib import Path

from mmgen.families import Architecture, Family, Paper
from mmgen.hookspecs import hookimpl
from mmgen_plugin_contrastive.config import ContrastiveConfig, ContrastiveTraining

MMGEN_API = 1

_PAPERS = (
    Paper(
        title="Learning Transferable Visual Models From Natural Language Supervision",
        authors="Radford et al.",
        year=2021,
        url="https://arxiv.org/abs/2103.00020",
    ),
    Paper(
        title="Sigmoid Loss for Language Image Pre-Training",
        authors="Zhai, Mustafa, Kolesnikov and Beyer",
        year=2023,
        url="https://arxiv.org/abs/2303.15343",
    ),
    Paper(
        title="Representation Learning with Contrastive Predictive Coding",
        authors="van den Oord, Li and Vinyals",
        year=2018,
        url="https://arxiv.org/abs/1807.03748",
    ),
    Paper(
        title="When and Why Vision-Language Models Behave like Bags-of-Words, and What to Do "
        "About It?",
        authors="Yuksekgonul, Bianchi, Kalluri, Jurafsky and Zou",
        year=2023,
        url="https://arxiv.org/abs/2210.01936",
    ),
    Paper(
        title="FILIP: Fine-grained Interactive Language-Image Pre-Training",
        authors="Yao et al.",
        year=2022,
        url="https://arxiv.org/abs/2111.07783",
    ),
    Paper(
        title="AudioCLIP: Extending CLIP to Image, Text and Audio",
        authors="Guzhov, Raue, Hees and Dengel",
        year=2022,
        url="https://arxiv.org/abs/2106.13043",
    ),
    Paper(
        title="CLIPScore: A Reference-free Evaluation Metric for Image Captioning",
        authors="Hessel, Holtzman, Forbes, Le Bras and Choi",
        year=2021,
        url="https://arxiv.org/abs/2104.08718",
    ),
)


@hookimpl
def mmgen_families() -> list[Family]:
    """Encoders of several modalities into one space."""
    architecture = Architecture(
        name="contrastive",
        summary="an encoder per slot, any two or more, trained so that what belongs together meets",
        kind="encoder",
        joins_encoders=True,
        network="mmgen_plugin_contrastive.network:Contrastive",
        config=ContrastiveConfig,
        trainer="mmgen_plugin_contrastive.trainer:ContrastiveTrainer",
        training=ContrastiveTraining,
        tasks=(
            "zero-shot-image-classification",
            "image-feature-extraction",
            "feature-extraction",
        ),
    )
    return [
        Family(
            name="contrastive",
            summary="text, pictures and sound in one space: retrieval and zero-shot classes",
            architectures=(architecture,),
            papers=_PAPERS,
        )
    ]


@hookimpl
def mmgen_models() -> str:
    """The models that ride in this package."""
    return str(Path(__file__).parent / "registry.toml")
