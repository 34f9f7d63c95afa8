"""Random states: taken, put back, and kept apart."""

import random
from pathlib import Path

import numpy as np
import torch

from mmgen.training.random_state import own_randomness, random_tensors, restore_random, seed_all
from mmgen.training.tensor_file import read_tensors, write_tensors

CPU = torch.device("cpu")


def draw() -> tuple[float, float, float]:
    return torch.randn(()).item(), random.random(), float(np.random.standard_normal())


def test_restored_generators_go_on_as_before(tmp_path: Path) -> None:
    seed_all(3)
    draw()  # numpy now keeps the second of a pair of normals
    write_tensors(tmp_path / "r.safetensors", random_tensors(CPU))
    expected = [draw() for _ in range(3)]
    seed_all(8)
    restore_random(read_tensors(tmp_path / "r.safetensors"), CPU)
    assert [draw() for _ in range(3)] == expected


def test_own_randomness_leaves_the_outer_generators_as_they_were() -> None:
    seed_all(3)
    expected = [draw() for _ in range(2)]
    seed_all(3)
    first = draw()
    with own_randomness(CPU, 5):
        inner = draw()
    assert [first, draw()] == expected
    with own_randomness(CPU, 5):
        assert draw() == inner
