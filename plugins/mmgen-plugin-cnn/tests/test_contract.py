"""Every architecture keeps the contract of `mmgen.testing`."""

import torch

from mmgen.testing import (
    CLASSES,
    EncoderCase,
    EncoderContract,
    GeneratorCase,
    GeneratorContract,
)

CONFIG = {"classes": CLASSES, "channels": 3, "height": 12, "width": 8, "widths": (4, 6)}
PICTURES = torch.rand(4, 3, 12, 8, generator=torch.Generator().manual_seed(0))
CHANGES = {"shift": 0.2, "flip": True, "contrast": 0.2, "erase": 0.5, "mixup": 0.2}


class TestCnn(EncoderContract):
    case = EncoderCase(
        architecture="cnn",
        config={**CONFIG, "convolutions": 1},
        values=PICTURES,
        trainer=CHANGES,
    )


class TestResNet(EncoderContract):
    case = EncoderCase(
        architecture="resnet",
        config={**CONFIG, "blocks": 1, "dropout": 0.1},
        values=PICTURES,
    )


class TestConvAutoencoder(GeneratorContract):
    case = GeneratorCase(
        architecture="conv-autoencoder",
        config={
            "channels": 1,
            "height": 8,
            "width": 8,
            "widths": (4, 6),
            "blocks": 1,
            "latent_channels": 3,
        },
        colour={"channels": 3},
        non_square={"width": 12},
        large={"height": 128, "width": 128},
        trainer={"flip": True, "noise": 0.1},
        random=False,
    )
