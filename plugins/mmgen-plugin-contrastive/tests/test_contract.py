"""Every architecture keeps the contract of `mmgen.testing`."""

import torch

from mmgen.testing import EncoderCase, EncoderContract

PICTURES = torch.rand(4, 3, 6, 8, generator=torch.Generator().manual_seed(0))
COMPARES = "what belongs together is told from the others of the batch"
PIXELS = {"encoder": "contract-pixels"}
WORDS = {"encoder": "contract-words"}


class TestPicturesAndTexts(EncoderContract):
    case = EncoderCase(
        architecture="contrastive",
        config={},
        values=PICTURES,
        conditions={"text": WORDS, "image": PIXELS},
        trainer={"shift": 0.1, "flip": True, "contrast": 0.1, "erase": 0.5, "crop": 5},
        compares=COMPARES,
    )


class TestThreeModalitiesBySigmoid(EncoderContract):
    case = EncoderCase(
        architecture="contrastive",
        config={"temperature": 0.1},
        values=PICTURES,
        conditions={
            "image": PIXELS,
            "label": {"encoder": "label-embedding", "width": 5},
            "text": WORDS,
        },
        trainer={"loss": "sigmoid", "labels_alike": True},
        compares=COMPARES,
    )
