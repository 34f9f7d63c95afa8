"""Every architecture keeps the contract of `mmgen.testing`."""

from mmgen.testing import GeneratorCase, GeneratorContract

COLOUR = {"channels": 3, "likelihood": "discretised-logistic-mixture", "mixtures": 2}
SMALL = {"height": 8, "width": 8}
LARGE = {"height": 128, "width": 128}
FAST = {"inpainting_steps": 2}


class TestVae(GeneratorContract):
    case = GeneratorCase(
        architecture="vae",
        config={**SMALL, "hidden": 12, "latent_dim": 3},
        colour=COLOUR,
        non_square={"width": 12},
        large={**LARGE, "hidden": 4},
        options=FAST,
    )


class TestConvVae(GeneratorContract):
    case = GeneratorCase(
        architecture="conv-vae",
        config={**SMALL, "widths": [4, 8], "latent_dim": 3},
        colour=COLOUR,
        non_square={"width": 12},
        large=LARGE,
        options=FAST,
    )


class TestHierarchicalVae(GeneratorContract):
    case = GeneratorCase(
        architecture="hierarchical-vae",
        config={
            **SMALL,
            "widths": [4, 8],
            "latents": [1, 1],
            "latent_channels": [2, 2],
            "dense_dim": 3,
            "dense_width": 8,
        },
        colour=COLOUR,
        non_square={"width": 12},
        large=LARGE,
        options=FAST,
    )
