from mmgen.testing import GeneratorCase, GeneratorContract


class TestExample(GeneratorContract):
    case = GeneratorCase(
        architecture="example",
        config={"height": 8, "width": 8},
        colour={"channels": 3},
        non_square={"width": 12},
        large={"height": 128, "width": 128},
    )
