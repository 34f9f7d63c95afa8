"""Small data sets, made by the tests."""

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

WritePicture = Callable[..., np.ndarray]


def _write_picture(
    path: Path, *, size: tuple[int, int] = (8, 6), mode: str = "RGB", seed: int | None = None
) -> np.ndarray:
    """Write a random picture, (width, height), and return its pixels."""
    rng = np.random.default_rng(abs(hash(path.name)) % 2**32 if seed is None else seed)
    bands = {"L": (), "RGB": (3,), "RGBA": (4,)}[mode]
    pixels = rng.integers(0, 256, (size[1], size[0], *bands), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return pixels


def _write_idx(path: Path, array: np.ndarray) -> None:
    """Write unsigned bytes in the idx format, compressed where the name ends in .gz."""
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    content = header + array.astype(np.uint8).tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


@pytest.fixture
def write_picture() -> WritePicture:
    """The function that writes a random picture."""
    return _write_picture


@pytest.fixture
def write_idx() -> Callable[[Path, np.ndarray], None]:
    """The function that writes an idx file."""
    return _write_idx


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    """A folder like MNIST's: 40 train pictures of 10 classes, compressed, and 10 of test, plain."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "digits"
    for split, count, suffix in (("train", 40, ".gz"), ("t10k", 10, "")):
        pixels = rng.integers(0, 256, (count, 5, 4), dtype=np.uint8)
        _write_idx(folder / f"{split}-images-idx3-ubyte{suffix}", pixels)
        _write_idx(folder / f"{split}-labels-idx1-ubyte{suffix}", np.arange(count) % 10)
    (folder / "README.md").write_text("about digits")
    return folder
