"""What this package brings to mmgen. No torch here: it is read when models are listed."""

from pathlib import Path

import mmgen
from mmgen_plugin_example.config import ExampleConfig, ExampleTraining

MMGEN_API = 1


@mmgen.hookimpl
def mmgen_families() -> list[mmgen.Family]:
    """The family: its name, its networks, where they were told of."""
    architecture = mmgen.Architecture(
        name="example",
        kind="encoder",
        summary="convolutions, a token for each place of the last map",
        network="mmgen_plugin_example.network:Example",  # loaded when it is used
        config=ExampleConfig,
        trainer="mmgen_plugin_example.trainer:ExampleTrainer",
        training=ExampleTraining,
        tasks=("image-classification", "image-feature-extraction"),
    )
    paper = mmgen.Paper(
        title="Gradient-Based Learning Applied to Document Recognition",
        authors="LeCun, Bottou, Bengio and Haffner",
        year=1998,
    )
    return [
        mmgen.Family(
            name="example",
            summary="convolutions that embed pictures and tell them apart",
            architectures=(architecture,),
            papers=(paper,),
        )
    ]


@mmgen.hookimpl
def mmgen_models() -> str:
    """The models that ride in this package."""
    return str(Path(__file__).parent / "registry.toml")
