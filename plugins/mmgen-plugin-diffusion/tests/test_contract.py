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


DENOISER = {"channels": 1, "height": 8, "width": 8, "hidden": 8, "depth": 2, "heads": 2, "steps": 4}
LATENT = {"autoencoder_widths": [4], "autoencoder_blocks": [1], "latent_channels": 3, "patch": 2}


class TestLatentDiffusion(GeneratorContract):
    case = GeneratorCase(
        architecture="latent-diffusion",
        config={**DENOISER, **LATENT},
        colour={"channels": 3},
        non_square={"width": 12},
        large={"height": 128, "width": 128, "autoencoder_widths": [4, 4, 4]},
        options={"steps": 3},
        trainer={"flip": True},
    )


class TestPixelDiffusion(GeneratorContract):
    case = GeneratorCase(
        architecture="pixel-diffusion",
        config={**DENOISER, "patch": 4, "inpainting": True, "dropout": 0.1},
        colour={"channels": 3},
        non_square={"width": 12},
        large={"height": 128, "width": 128, "patch": 16},
        options={"steps": 3, "sampler": "heun"},
        trainer={"flip": True, "times": "uniform"},
    )


class TestUNet(GeneratorContract):
    """On pixels, by a cosine schedule."""

    case = GeneratorCase(
        architecture="pixel-diffusion",
        config={**DENOISER, "network": "unet", "widths": [4, 6], "blocks": [1], "objective": "v"},
        colour={"channels": 3},
        non_square={"width": 12},
        large={"height": 128, "width": 128, "widths": [4, 4, 4, 4, 4]},
        options={"steps": 3, "sampler": "ancestral"},
    )


class TestFewSteps(GeneratorContract):
    """Latents with short cuts, and with known pixels."""

    case = GeneratorCase(
        architecture="latent-diffusion",
        config={**DENOISER, **LATENT, "inpainting": True, "kl": True},
        colour={"channels": 3},
        non_square={"width": 12},
        large="as above",
        options={"steps": 2},
        trainer={"shortcut": 0.5, "shortcut_guidance": 2.0, "teacher_decay": 0.9},
    )
