"""What this distribution brings to mmgen. No torch here."""

from pathlib import Path

from mmgen.families import Architecture, Family, Paper
from mmgen.hookspecs import hookimpl
from mmgen_plugin_vae.config import (
    ConvVaeConfig,
    HierarchicalVaeConfig,
    MlpVaeConfig,
    VaeConfig,
    VaeGeneration,
    VaeTraining,
)

MMGEN_API = 1

_PAPERS = (
    Paper(
        title="Auto-Encoding Variational Bayes",
        authors="Kingma and Welling",
        year=2013,
        url="https://arxiv.org/abs/1312.6114",
    ),
    Paper(
        title="Stochastic Backpropagation and Approximate Inference in Deep Generative Models",
        authors="Rezende, Mohamed and Wierstra",
        year=2014,
        url="https://arxiv.org/abs/1401.4082",
    ),
    Paper(
        title="Ladder Variational Autoencoders",
        authors="Sønderby, Raiko, Maaløe, Sønderby and Winther",
        year=2016,
        url="https://arxiv.org/abs/1602.02282",
    ),
    Paper(
        title="NVAE: A Deep Hierarchical Variational Autoencoder",
        authors="Vahdat and Kautz",
        year=2020,
        url="https://arxiv.org/abs/2007.03898",
    ),
)


def _architecture(name: str, summary: str, network: str, config: type[VaeConfig]) -> Architecture:
    return Architecture(
        name=name,
        summary=summary,
        network=f"mmgen_plugin_vae.{network}",
        config=config,
        generation=VaeGeneration,
        trainer="mmgen_plugin_vae.trainer:VaeTrainer",
        training=VaeTraining,
        tasks=("unconditional-image-generation", "inpainting"),
    )


@hookimpl
def mmgen_families() -> list[Family]:
    """Variational autoencoders: plain, convolutional and hierarchical."""
    architectures = (
        _architecture(
            "vae", "multilayer perceptrons around one latent vector", "mlp:MlpVae", MlpVaeConfig
        ),
        _architecture(
            "conv-vae",
            "residual convolutions around one latent vector; any size",
            "convolutional:ConvVae",
            ConvVaeConfig,
        ),
        _architecture(
            "hierarchical-vae",
            "a ladder of latents from a vector to fine maps; any size, the best likelihoods",
            "hierarchical:HierarchicalVae",
            HierarchicalVaeConfig,
        ),
    )
    return [
        Family(
            name="vae",
            summary="variational autoencoders: fast draws, likelihoods, latents to move in",
            architectures=architectures,
            papers=_PAPERS,
        )
    ]


@hookimpl
def mmgen_models() -> str:
    """The models that ride in this package."""
    return str(Path(__file__).parent / "registry.toml")
