"""Scikit-learn's digits as a source, and scenes made of them."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from mmgen.data import DataOptions, load


@pytest.fixture(scope="session")
def digits(tmp_path_factory):
    """An .npz file of real digits, 8×8: 1,437 of train and 360 of test."""
    found = load_digits()
    images = np.rint(found.images * (255 / 16)).astype(np.uint8)
    path = tmp_path_factory.mktemp("digits") / "digits.npz"
    cut = len(images) * 4 // 5
    np.savez(
        path,
        x_train=images[:cut],
        y_train=found.target[:cut],
        x_test=images[cut:],
        y_test=found.target[cut:],
    )
    return path


@pytest.fixture(scope="session")
def scenes(digits):
    """The function that loads scenes made of them."""

    def load_some(split="train", count=200, **options):
        given = {"held_out": 0.0, **options}
        return load(
            "mnist-scenes", split, DataOptions(base=str(digits), made_pictures=count, **given)
        )

    return load_some
