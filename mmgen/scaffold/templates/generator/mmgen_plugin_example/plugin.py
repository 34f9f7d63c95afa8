"""What this package brings to mmgen. No torch here: it is read when models are listed."""

from pathlib import Path

import mmgen
from mmgen_plugin_example.config import ExampleConfig, ExampleGeneration, ExampleTraining

MMGEN_API = 1


@mmgen.hookimpl
def mmgen_families() -> list[mmgen.Family]:
    """The family: its name, its networks, where they were told of."""
    architecture = mmgen.Architecture(
        name="example",
        summary="a flow of pixels, straightened: every pixel sees every other",
        network="mmgen_plugin_example.network:Example",  # loaded when it is used
        config=ExampleConfig,
        generation=ExampleGeneration,
        trainer="mmgen_plugin_example.trainer:ExampleTrainer",
        training=ExampleTraining,
        tasks=("unconditional-image-generation",),
    )
    paper = mmgen.Paper(
        title="Flow Straight and Fast: Learning to Generate and Transfer Data with Rectified Flow",
        authors="Liu, Gong and Liu",
        year=2023,
        url="https://arxiv.org/abs/2209.03003",
    )
    return [
        mmgen.Family(
            name="example",
            summary="rectified flow on the pixels of small pictures",
            architectures=(architecture,),
            papers=(paper,),
        )
    ]


@mmgen.hookimpl
def mmgen_models() -> str:
    """The models that ride in this package."""
    return str(Path(__file__).parent / "registry.toml")
