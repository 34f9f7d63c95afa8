"""What this distribution brings to mmgen. No torch here."""

from pathlib import Path

from mmgen.families import Architecture, Family, Paper
from mmgen.hookspecs import hookimpl
from mmgen.options import Options
from mmgen_plugin_diffusion.config import (
    ImageAutoencoderConfig,
    LatentDiffusionConfig,
    PixelDiffusionConfig,
)
from mmgen_plugin_diffusion.options import (
    AutoencoderTraining,
    DiffusionGeneration,
    DiffusionTraining,
    LatentDiffusionTraining,
)

MMGEN_API = 1

_TASKS = ("unconditional-image-generation", "text-to-image", "inpainting", "editing")

_PAPERS = (
    Paper(
        title="Denoising Diffusion Probabilistic Models",
        authors="Ho, Jain and Abbeel",
        year=2020,
        url="https://arxiv.org/abs/2006.11239",
    ),
    Paper(
        title="High-Resolution Image Synthesis with Latent Diffusion Models",
        authors="Rombach, Blattmann, Lorenz, Esser and Ommer",
        year=2022,
        url="https://arxiv.org/abs/2112.10752",
    ),
    Paper(
        title="Scalable Diffusion Models with Transformers",
        authors="Peebles and Xie",
        year=2023,
        url="https://arxiv.org/abs/2212.09748",
    ),
    Paper(
        title="Flow Matching for Generative Modeling",
        authors="Lipman, Chen, Ben-Hamu, Nickel and Le",
        year=2023,
        url="https://arxiv.org/abs/2210.02747",
    ),
    Paper(
        title="Flow Straight and Fast: Learning to Generate and Transfer Data with Rectified Flow",
        authors="Liu, Gong and Liu",
        year=2023,
        url="https://arxiv.org/abs/2209.03003",
    ),
    Paper(
        title="Scaling Rectified Flow Transformers for High-Resolution Image Synthesis",
        authors="Esser et al.",
        year=2024,
        url="https://arxiv.org/abs/2403.03206",
    ),
    Paper(
        title="Classifier-Free Diffusion Guidance",
        authors="Ho and Salimans",
        year=2022,
        url="https://arxiv.org/abs/2207.12598",
    ),
    Paper(
        title="DPM-Solver++: Fast Solver for Guided Sampling of Diffusion Probabilistic Models",
        authors="Lu, Zhou, Bao, Chen, Li and Zhu",
        year=2022,
        url="https://arxiv.org/abs/2211.01095",
    ),
    Paper(
        title="Elucidating the Design Space of Diffusion-Based Generative Models",
        authors="Karras, Aittala, Aila and Laine",
        year=2022,
        url="https://arxiv.org/abs/2206.00364",
    ),
    Paper(
        title="SDEdit: Guided Image Synthesis and Editing with Stochastic Differential Equations",
        authors="Meng et al.",
        year=2022,
        url="https://arxiv.org/abs/2108.01073",
    ),
    Paper(
        title="RePaint: Inpainting using Denoising Diffusion Probabilistic Models",
        authors="Lugmayr, Danelljan, Romero, Yu, Timofte and Van Gool",
        year=2022,
        url="https://arxiv.org/abs/2201.09865",
    ),
    Paper(
        title="One Step Diffusion via Shortcut Models",
        authors="Frans, Hafner, Levine and Abbeel",
        year=2024,
        url="https://arxiv.org/abs/2410.12557",
    ),
)


@hookimpl
def mmgen_families() -> list[Family]:
    """Diffusion and flow matching."""
    architectures = (
        Architecture(
            name="image-autoencoder",
            summary="pictures to a small map of latents and back; a part of latent-diffusion",
            network="mmgen_plugin_diffusion.autoencoder:ImageAutoencoder",
            config=ImageAutoencoderConfig,
            generation=Options,
            trainer="mmgen_plugin_diffusion.autoencoder_trainer:ImageAutoencoderTrainer",
            training=AutoencoderTraining,
            tasks=("image-to-image",),
        ),
        Architecture(
            name="latent-diffusion",
            summary="a transformer on the latents of an autoencoder; both learn in one training",
            network="mmgen_plugin_diffusion.latent:LatentDiffusion",
            config=LatentDiffusionConfig,
            generation=DiffusionGeneration,
            trainer="mmgen_plugin_diffusion.latent_trainer:LatentDiffusionTrainer",
            training=LatentDiffusionTraining,
            tasks=_TASKS,
        ),
        Architecture(
            name="pixel-diffusion",
            summary="the same, or a U-Net, on the pixels of small pictures",
            network="mmgen_plugin_diffusion.pixel:PixelDiffusion",
            config=PixelDiffusionConfig,
            generation=DiffusionGeneration,
            trainer="mmgen_plugin_diffusion.trainer:DiffusionTrainer",
            training=DiffusionTraining,
            tasks=_TASKS,
        ),
    )
    return [
        Family(
            name="diffusion",
            summary="from noise to pictures step by step, on latents or pixels: text, labels, "
            "sound; inpainting and editing",
            architectures=architectures,
            papers=_PAPERS,
        )
    ]


@hookimpl
def mmgen_models() -> str:
    """The models that ride in this package."""
    return str(Path(__file__).parent / "registry.toml")
