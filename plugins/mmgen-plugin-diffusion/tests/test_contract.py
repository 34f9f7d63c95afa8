"""Every architecture keeps the contract of `mmgen.testing`."""

from mmgen.testing import GeneratorCase, GeneratorContract

AUTOENCODER = {
    "channels": 1,
    "height": 8,
    "width": 8,
    "widths": [4, 6],
    "blocks": [1],
    "latent_channels": 3,
}


class TestImageAutoencoder(GeneratorContract):
    case = GeneratorCase(
        architecture="image-autoencoder",
        config=AUTOENCODER,
        colour={"channels": 3},
        non_square={"width": 12},
        large={"height": 128, "width": 128},
        trainer={"flip": True, "latent_noise": 0.1},
        random=False,
    )


class TestVariationalAutoencoder(GeneratorContract):
    case = GeneratorCase(
        architecture="image-autoencoder",
        config={**AUTOENCODER, "kl": True},
        colour="as above",
        non_square="as above",
        large="as above",
        trainer={"distance": "l2"},
        random=False,
    )
