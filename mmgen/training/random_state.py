"""The states of all random generators that a training draws from, as plain tensors."""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor


def random_tensors(device: torch.device) -> dict[str, Tensor]:
    """Return the states of torch's (CPU and device), Python's and numpy's global generators."""
    tensors = {"torch": torch.get_rng_state()}
    if device.type == "cuda":
        tensors["device"] = torch.cuda.get_rng_state(device)
    _, words, _ = random.getstate()
    tensors["python"] = torch.tensor(words, dtype=torch.int64)
    _, keys, position, has_gauss, gauss = np.random.get_state(legacy=True)
    tensors["numpy"] = torch.tensor([*map(int, keys), position, has_gauss], dtype=torch.int64)
    tensors["numpy_gauss"] = torch.tensor([gauss], dtype=torch.float64)
    return tensors


def restore_random(tensors: Mapping[str, Tensor], device: torch.device) -> None:
    """Put back what `random_tensors` returned; without a state for this device it is kept."""
    torch.set_rng_state(tensors["torch"])
    if device.type == "cuda" and "device" in tensors:
        torch.cuda.set_rng_state(tensors["device"], device)
    random.setstate((3, tuple(tensors["python"].tolist()), None))
    *keys, position, has_gauss = tensors["numpy"].tolist()
    gauss = float(tensors["numpy_gauss"])
    np.random.set_state(("MT19937", np.array(keys, dtype=np.uint32), position, has_gauss, gauss))


def seed_all(seed: int) -> None:
    """Seed all global generators."""
    torch.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed % 2**32)


@contextmanager
def own_randomness(device: torch.device, seed: int) -> Iterator[None]:
    """Draw from freshly seeded generators for a while; the outer ones go on as if untouched."""
    states = random_tensors(device)
    try:
        seed_all(seed)
        yield
    finally:
        restore_random(states, device)
