"""Pictures that are made when they are read, by whoever brings them."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import Tensor

from mmgen.data import PictureData, Problem
from mmgen.data.lazy import PicturesOnRead
from mmgen.errors import DataError


@dataclass
class Levels:
    """Pictures of one grey level each, that of their number."""

    numbers: Tensor
    problems: tuple[Problem, ...] = ()

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return len(self), 1, 2, 2

    def __getitem__(self, indices: Tensor) -> Tensor:
        return self.numbers[indices].to(torch.uint8)[:, None, None, None].expand(-1, 1, 2, 2)

    def read(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        return self[indices], indices

    def digests(self) -> np.ndarray:
        return np.repeat(self.numbers.numpy().astype(np.uint8)[:, None], 32, axis=1)

    def select(self, indices: np.ndarray) -> "Levels":
        return Levels(self.numbers[torch.from_numpy(indices)])

    def joined_with(self, other: "Levels") -> "Levels":
        return Levels(torch.cat([self.numbers, other.numbers]))


def made(count: int) -> PictureData:
    images: PicturesOnRead = Levels(torch.arange(count))
    return PictureData(images=images, texts=[str(number) for number in range(count)])


def levels_of(data: PictureData) -> list[int]:
    found = data.batch(torch.arange(len(data)))
    levels = found["target"][:, 0, 0, 0].mul(255).round().int().tolist()
    assert levels == [int(text) for text in found["text"]]
    return levels


def test_they_serve_as_any_pictures_do() -> None:
    data = made(20)
    assert not data.in_memory
    assert data.problems == ()
    assert levels_of(data) == list(range(20))
    train, held_out = data.split_off(0.2)
    assert sorted(levels_of(train) + levels_of(held_out)) == list(range(20))
    assert levels_of(train.joined_with(held_out)) == levels_of(train) + levels_of(held_out)


def test_their_digests_make_the_fingerprint() -> None:
    assert made(5).fingerprint == made(5).fingerprint
    assert made(5).fingerprint != made(6).fingerprint
    texts = [str(number) for number in range(5)]
    shifted = PictureData(images=Levels(torch.arange(1, 6)), texts=texts)
    assert shifted.fingerprint != made(5).fingerprint


def test_they_are_not_joined_with_pictures_in_memory() -> None:
    held = PictureData(images=torch.zeros(3, 1, 2, 2, dtype=torch.uint8), texts=["0"] * 3)
    with pytest.raises(DataError, match="both are in memory or both are not"):
        made(3).joined_with(held)
