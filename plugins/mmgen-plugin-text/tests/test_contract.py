"""Every architecture keeps the contract of `mmgen.testing`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

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


class OfTransformers(EncoderContract):
    """The contract with a model of `transformers` that is made for it."""

    kind: ClassVar[str]
    config: ClassVar[dict[str, Any]]

    @pytest.fixture(autouse=True)
    def _make_case(self, text_models: Callable[[str], Path]) -> None:
        config = {"pretrained": str(text_models(self.kind)), "length": 30, **self.config}
        type(self).case = EncoderCase(architecture="transformers-text", config=config, values=TEXTS)


class TestClip(OfTransformers):
    kind = "clip"
    config: ClassVar = {"tuned": True, "classes": ("land", "sea")}


class TestT5(OfTransformers):
    kind = "t5"
    config: ClassVar = {"tuned": True, "classes": ("land", "sea")}


class TestBert(OfTransformers):
    kind = "bert"
    config: ClassVar = {"tuned": True, "classes": ("land", "sea", "air")}


class TestFrozenModernBert(OfTransformers):
    kind = "modernbert"
    config: ClassVar = {"classes": ("land", "sea")}
