"""Every architecture keeps the contract of `mmgen.testing`."""

from mmgen.testing import EncoderCase, EncoderContract

TEXTS = ["a red fox", "Two blue whales, far away", "红色的狐狸", "🦊"]
TINY = {"dimension": 6, "buckets": 40, "length": 8}


class TestBag(EncoderContract):
    case = EncoderCase(architecture="word-vectors", config={**TINY, "pooling": "bag"}, values=TEXTS)


class TestAttention(EncoderContract):
    case = EncoderCase(
        architecture="word-vectors",
        config={**TINY, "pooling": "attention", "classes": ("land", "sea")},
        values=TEXTS,
    )


class TestRecurrent(EncoderContract):
    case = EncoderCase(
        architecture="word-vectors", config={**TINY, "pooling": "gru", "hidden": 10}, values=TEXTS
    )


class TestTransformer(EncoderContract):
    case = EncoderCase(
        architecture="text-transformer",
        config={"width": 12, "heads": 3, "depth": 2, "length": 40, "vocabulary": 300},
        values=TEXTS,
    )


class TestTransformerOfClasses(EncoderContract):
    case = EncoderCase(
        architecture="text-transformer",
        config={"width": 12, "heads": 3, "depth": 1, "classes": ("land", "sea", "air")},
        values=TEXTS,
    )
