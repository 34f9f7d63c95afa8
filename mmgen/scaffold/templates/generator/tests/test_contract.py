"""The architecture keeps the contract of `mmgen.testing`."""

from mmgen.testing import GeneratorCase, GeneratorContract


class TestExample(GeneratorContract):
    case = GeneratorCase(
        architecture="example",
        config={"height": 8, "width": 8, "hidden": 12, "depth": 2},
        colour={"channels": 3},
        non_square={"width": 12},
        large={"height": 128, "width": 128},
        options={"steps": 3},
    )
