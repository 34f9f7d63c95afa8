"""Every architecture keeps the contract of `mmgen.testing`."""

import torch

from mmgen.testing import EncoderCase, EncoderContract

TINY = {"sample_rate": 2000, "mels": 10, "widths": (4, 6), "width": 8, "lowest": 0.0}
CLIPS = [
    torch.rand(length, generator=torch.Generator().manual_seed(length)) * 2 - 1
    for length in (700, 1500, 260, 1, 999)
]


class TestConvolutions(EncoderContract):
    case = EncoderCase(architecture="audio-encoder", config=TINY, values=CLIPS)


class TestAttention(EncoderContract):
    case = EncoderCase(
        architecture="audio-encoder",
        config={**TINY, "depth": 2, "heads": 2, "scale": "htk", "classes": ("low", "high")},
        values=CLIPS,
    )
