"""Every architecture keeps the contract of `mmgen.testing`."""

from mmgen.testing import GeneratorCase, GeneratorContract

SMALL = {"height": 8, "width": 8, "latent_dim": 4}
LARGE = {"height": 128, "width": 128}
FAST = {"search_steps": 2, "search_starts": 2}


class TestGan(GeneratorContract):
    case = GeneratorCase(
        architecture="gan",
        config={**SMALL, "hidden": 8, "depth": 2},
        colour={"channels": 3},
        non_square={"width": 12},
        large={**LARGE, "hidden": 4},
        options=FAST,
    )


class TestDcgan(GeneratorContract):
    case = GeneratorCase(
        architecture="dcgan",
        config={**SMALL, "widths": [6, 4]},
        colour={"channels": 3},
        non_square={"width": 12},
        large={**LARGE, "widths": [6, 4, 4, 4]},
        options=FAST,
        trainer={"augment": ["colour", "translation", "cutout"], "penalty_every": 2},
    )


class TestDcganOfThePaper(GeneratorContract):
    """With the first loss and without penalty, spectral norm in its place."""

    case = GeneratorCase(
        architecture="dcgan",
        config={**SMALL, "widths": [6, 4], "norm": "pixel"},
        colour="as above",
        non_square="as above",
        large="as above",
        options=FAST,
        trainer={"loss": "hinge", "penalty": "none", "spectral_norm": True},
        tolerance=5e-4,  # the search for latents carries rounding along
    )
