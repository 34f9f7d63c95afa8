"""Every architecture keeps the contract of `mmgen.testing`."""

import torch

from mmgen.testing import EncoderCase, EncoderContract

PICTURES = torch.rand(4, 3, 16, 24, generator=torch.Generator().manual_seed(0))
CAPTIONS = (
    "a red seven on the left",
    "a small blue 2 at the top and a big white nine in the middle",
    "three digits: a cyan 1 on the right, a green zero below, a yellow 4 on the left",
)


class TestSceneReader(EncoderContract):
    case = EncoderCase(
        architecture="scene-reader",
        config={"height": 16, "width": 24, "widths": (4, 6), "looks": 3, "embedding_width": 8},
        values=PICTURES,
        texts=CAPTIONS,
    )
