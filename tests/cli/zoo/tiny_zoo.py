"""A plugin with a family so small that the command line can be tested with it in no time."""

from dataclasses import dataclass
from pathlib import Path

import click

from mmgen import Architecture, Family, Options, Paper, hookimpl, option

MMGEN_API = 1


@dataclass(frozen=True, kw_only=True)
class TinyConfig(Options):
    """The network."""

    size: int = option(8, minimum=4, maximum=64, unit="px", help="side of the pictures")


@dataclass(frozen=True, kw_only=True)
class TinyOptions(Options):
    """Options of generate."""

    contrast: float = option(0.5, minimum=0.0, maximum=1.0, help="how far from grey")
    texture: str = option("noise", choices=("noise", "flat"), help="what fills the picture")


@dataclass(frozen=True, kw_only=True)
class TinyTraining(Options):
    """Options of the trainer."""

    weight: float = option(1.0, minimum=0.0, help="of the loss")


@hookimpl
def mmgen_families():
    architecture = Architecture(
        name="tiny-net",
        summary="one learned brightness",
        network="tiny_networks:Tiny",
        config=TinyConfig,
        generation=TinyOptions,
        trainer="tiny_networks:TinyTrainer",
        training=TinyTraining,
        tasks=("unconditional-image-generation", "inpainting"),
    )
    paper = Paper(title="On small things", authors="A. Nobody", year=2020)
    return [
        Family(
            name="tiny",
            summary="very small pictures",
            architectures=(architecture,),
            papers=(paper,),
        )
    ]


@hookimpl
def mmgen_models():
    return str(Path(__file__).parent / "registry.toml")


@hookimpl
def mmgen_commands(group):
    @group.command("greet")
    def greet():
        """Say hello."""
        click.echo("hello")
