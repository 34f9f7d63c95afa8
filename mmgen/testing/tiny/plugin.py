"""What the family registers. Nothing heavy is imported here."""

from dataclasses import dataclass
from typing import Any

from mmgen.families import API_VERSION, Architecture, Family
from mmgen.hookspecs import hookimpl
from mmgen.options import Options, option

MMGEN_API = API_VERSION


@dataclass(frozen=True, kw_only=True)
class TinyConfig(Options):
    """What defines the network."""

    channels: int = option(1, choices=(1, 3, 4), help="of the pictures")
    height: int = option(8, minimum=1, unit="px", help="of the pictures")
    width: int = option(6, minimum=1, unit="px", help="of the pictures")
    hidden: int = option(12, minimum=1, help="units of the hidden layer")


@dataclass(frozen=True, kw_only=True)
class TinyGeneration(Options):
    """Options of generate."""

    temperature: float = option(1.0, minimum=0.0, maximum=2.0, help="spread of the latent")
    output: str = option("mean", choices=("mean", "sample"), help="grey values, or 0 and 1 drawn")


@dataclass(frozen=True, kw_only=True)
class TinyTraining(Options):
    """Options of the trainer."""

    noise: float = option(0.1, minimum=0.0, help="added to the latent while learning")


def architecture(name: str, network: str, **changes: Any) -> Architecture:
    """Return the registration of a tiny network, with changes."""
    fields: dict[str, Any] = {
        "name": name,
        "summary": "a tiny network for tests",
        "network": network,
        "config": TinyConfig,
        "generation": TinyGeneration,
        "trainer": "mmgen.testing.tiny.trainer:TinyTrainer",
        "training": TinyTraining,
    }
    return Architecture(**(fields | changes))


@hookimpl
def mmgen_families() -> list[Family]:
    """The tiny family."""
    return [
        Family(
            name="tiny",
            summary="tiny networks for tests",
            architectures=(
                architecture("tiny-net", "mmgen.testing.tiny.network:TinyNet"),
                architecture("tiny-inpainter", "mmgen.testing.tiny.network:TinyInpainter"),
            ),
        )
    ]
