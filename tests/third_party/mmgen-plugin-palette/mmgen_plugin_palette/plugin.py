"""What the package brings: a kind of input, an encoder of it, and a generator. No torch here."""

from dataclasses import dataclass

import mmgen

MMGEN_API = 1


@dataclass(frozen=True, kw_only=True)
class FlowConfig(mmgen.Options):
    """What the generator is like."""

    channels: int = mmgen.option(3, choices=(1, 3, 4), help="of the pictures")
    height: int = mmgen.option(8, minimum=1, unit="px", help="of the pictures")
    width: int = mmgen.option(8, minimum=1, unit="px", help="of the pictures")
    hidden: int = mmgen.option(64, minimum=1, help="units of the hidden layer")


@dataclass(frozen=True, kw_only=True)
class EncoderConfig(mmgen.Options):
    """What the encoder is like."""

    embedding_width: int = mmgen.option(16, minimum=1, help="length of a colour's vector")


@mmgen.hookimpl
def mmgen_modalities() -> list[mmgen.Modality]:
    """Colour palettes."""
    return [
        mmgen.Modality(
            name="palette",
            kind="semantic",
            reader="mmgen_plugin_palette.reading:read_palettes",
            summary="colours, as 'teal, #ff8800'",
        )
    ]


@mmgen.hookimpl
def mmgen_families() -> list[mmgen.Family]:
    """The family."""
    generator = mmgen.Architecture(
        name="palette-flow",
        summary="rectified flow on pixels (Liu et al. 2023), asked for colours",
        network="mmgen_plugin_palette.network:PaletteFlow",
        config=FlowConfig,
        trainer="mmgen_plugin_palette.network:PaletteTrainer",
    )
    encoder = mmgen.Architecture(
        name="palette-encoder",
        kind="encoder",
        summary="a token for each colour, in any order",
        network="mmgen_plugin_palette.network:PaletteEncoder",
        config=EncoderConfig,
        tasks=("feature-extraction",),
    )
    return [
        mmgen.Family(
            name="palette", summary="pictures from colours", architectures=(generator, encoder)
        )
    ]
