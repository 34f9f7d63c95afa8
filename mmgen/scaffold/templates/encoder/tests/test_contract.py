"""The architecture keeps the contract of `mmgen.testing`."""

import torch

from mmgen.testing import CLASSES, EncoderCase, EncoderContract


class TestExample(EncoderContract):
    case = EncoderCase(
        architecture="example",
        config={"classes": CLASSES, "channels": 3, "height": 8, "width": 12, "widths": (4, 6)},
        values=torch.rand(4, 3, 8, 12, generator=torch.Generator().manual_seed(0)),
        trainer={"shift": 0.1, "flip": True},
    )
