"""The architecture keeps the contract of `mmgen.testing`."""

from mmgen.testing import GeneratorCase, GeneratorContract

SMALL = {
    "channels": 1,
    "height": 8,
    "width": 8,
    "latent_dim": 4,
    "sentence_dim": 3,
    "widths": [6, 4],
    "blocks": [1],
    "attention": [0, 1],
    "attention_dim": 4,
    "heads": 2,
}


class TestTextGan(GeneratorContract):
    case = GeneratorCase(
        architecture="textgan",
        config=SMALL,
        colour={"channels": 3},
        non_square={"width": 12},
        large={"height": 128, "width": 128, "widths": [6, 4, 4, 4], "attention": [1, 2]},
        trainer={"penalty_every": 2},
    )


class TestTextGanOfTheFirstPapers(GeneratorContract):
    """The first loss, without penalty and without words: the sentence alone."""

    case = GeneratorCase(
        architecture="textgan",
        config={**SMALL, "attention": [], "blocks": [0]},
        colour="as above",
        non_square="as above",
        large="as above",
        trainer={"loss": "non-saturating", "penalty": "none", "augment": ["translation"]},
    )
