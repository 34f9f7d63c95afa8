"""Generator and encoder keep the contract of `mmgen.testing`."""

from mmgen.testing import EncoderCase, EncoderContract, GeneratorCase, GeneratorContract


class TestFlow(GeneratorContract):
    case = GeneratorCase(
        architecture="palette-flow",
        config={"channels": 1, "height": 8, "width": 8, "hidden": 12},
        colour={"channels": 3},
        non_square={"width": 12},
        large={"height": 128, "width": 128},
    )


class TestEncoder(EncoderContract):
    case = EncoderCase(
        architecture="palette-encoder",
        config={"embedding_width": 6},
        values=["#ff0000", "#00ff00,#0000ff", "#102030,#405060,#ffffff"],
    )
