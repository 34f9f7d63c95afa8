"""Structural similarity: known cases."""

import sys
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from mmgen.errors import NotInstalledError
from mmgen.metrics import similarity
from mmgen.metrics.similarity import structural_similarity


def noise(count: int, channels: int = 1, side: int = 16, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, channels, side, side, generator=generator)


@pytest.mark.parametrize("count", [1, 3])
def test_a_picture_is_like_itself(count: int) -> None:
    found = structural_similarity(noise(count, 3), noise(count, 3))
    assert found.shape == (count,)
    assert found.dtype == torch.float64
    assert torch.allclose(found, torch.ones(count).double(), atol=1e-6)


def test_flat_pictures_differ_by_their_brightness_alone() -> None:
    dark, bright = torch.full((1, 1, 12, 12), 0.2), torch.full((1, 1, 12, 12), 0.6)
    # Wang et al. 2004, equation 6, with C1 = 0.01².
    expected = (2 * 0.2 * 0.6 + 1e-4) / (0.2**2 + 0.6**2 + 1e-4)
    assert float(structural_similarity(dark, bright)) == pytest.approx(expected, rel=1e-3)


def test_pictures_are_compared_one_by_one() -> None:
    images, others = noise(3), noise(3)
    others[1] = noise(1, seed=1)[0]
    found = structural_similarity(images, others)
    assert found[[0, 2]].tolist() == pytest.approx([1, 1])
    assert abs(float(found[1])) < 0.3
    assert float(structural_similarity(images[1:2], others[1:2])) == pytest.approx(float(found[1]))


def test_memory_does_not_grow_with_the_number_of_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    images, others = noise(5), noise(5, seed=1)
    together = structural_similarity(images, others)
    seen = []
    measure = similarity.import_image_metrics().structural_similarity_index_measure

    def count(part: torch.Tensor, other: torch.Tensor, **options: Any) -> torch.Tensor:
        seen.append(len(part))
        return measure(part, other, **options)

    counting = SimpleNamespace(structural_similarity_index_measure=count)
    monkeypatch.setattr(similarity, "import_image_metrics", lambda: counting)
    monkeypatch.setattr(similarity, "_AT_ONCE", 2 * 16 * 16)
    assert structural_similarity(images, others).tolist() == pytest.approx(together.tolist())
    assert seen == [2, 2, 1]


def test_without_torchmetrics_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torchmetrics.functional.image", None)
    with pytest.raises(NotInstalledError, match=r"pip install 'mmgen-core\[metrics\]'"):
        structural_similarity(noise(1), noise(1))
