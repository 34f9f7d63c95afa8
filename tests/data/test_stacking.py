"""StackedMNIST, of small sets."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mmgen.data import DataOptions, PictureData, load
from mmgen.data.stacking import draw_rows, join_labels, split_labels, stack_pictures, stacked_names
from mmgen.errors import DataError, OptionError

STACKED = DataOptions(stack=3, stack_pictures=500)


def levels(count: int = 40, **changes: Any) -> PictureData:
    """Pictures of one level each, so that a channel says which row it is; ten classes."""
    images = torch.arange(count, dtype=torch.uint8).view(-1, 1, 1, 1).expand(-1, 1, 2, 3)
    values: dict[str, Any] = {
        "images": images.contiguous(),
        "labels": torch.arange(count) % 10,
        "class_names": tuple("0123456789"),
        "name": "levels",
    }
    return PictureData(**(values | changes))


def test_each_channel_is_a_picture_and_the_label_its_digits() -> None:
    data = stack_pictures(levels(), 3, 500, seed=1)
    assert data.images.shape == (500, 3, 2, 3)
    assert data.images.dtype == torch.uint8
    pixels = data.images[:].flatten(2).long()
    assert torch.equal(pixels.amin(dim=2), pixels.amax(dim=2))  # whole pictures, not mixtures
    digits = pixels[..., 0] % 10
    assert data.labels is not None
    assert torch.equal(data.labels, 100 * digits[:, 0] + 10 * digits[:, 1] + digits[:, 2])
    assert data.class_names is not None
    assert len(data.class_names) == 1000
    assert data.class_names[703] == "7 0 3"
    assert data.name == "stacked-levels"
    assert "3 of the 40 of levels in each" in data.notes[-1]


def test_the_draw_is_the_same_for_ever() -> None:
    golden = [36, 12, 1, 10, 22, 24, 21, 26]
    assert draw_rows(40, 8, seed=0).tolist() == golden
    assert draw_rows(40, 5, seed=0).tolist() == golden[:5]
    assert draw_rows(40, 8, seed=1).tolist() != golden


def test_the_draw_is_uniform_and_the_channels_are_independent() -> None:
    rows = draw_rows(10, 90_000, seed=3).view(-1, 3)
    for first, second in ((0, 1), (0, 2), (1, 2)):
        pairs = (10 * rows[:, first] + rows[:, second]).bincount(minlength=100).double()
        chi_squared = float(((pairs - 300).square() / 300).sum())
        assert 55 < chi_squared < 150  # 99 degrees of freedom; 1 in 1,000 lies beyond either


def test_labels_are_taken_apart_as_they_were_joined() -> None:
    labels = torch.tensor([[7, 0, 3], [0, 0, 1], [9, 9, 9]])
    assert join_labels(labels, 10).tolist() == [703, 1, 999]
    assert torch.equal(split_labels(join_labels(labels, 10), 10, 3), labels)
    assert stacked_names(("a", "b"), 2) == ("a a", "a b", "b a", "b b")


def test_train_valid_and_test_are_stacked_among_themselves(
    tmp_path: Path, write_idx: Callable[[Path, np.ndarray], None]
) -> None:
    for part, start, count in (("train", 0, 40), ("t10k", 100, 20)):
        pixels = np.arange(start, start + count, dtype=np.uint8)[:, None, None]
        write_idx(tmp_path / f"{part}-images-idx3-ubyte", np.broadcast_to(pixels, (count, 2, 2)))
        write_idx(tmp_path / f"{part}-labels-idx1-ubyte", np.arange(count) % 10)
    for moved in (0.0, 0.5):
        options = STACKED.replace(held_out=0.25, train_on_valid=moved)
        used = [
            set(load(tmp_path, split, options).images[:].flatten().tolist())
            for split in ("train", "valid", "test")
        ]
        assert [len(part) for part in used] == [30 + round(10 * moved), 10 - 10 * moved, 20]
        assert len(set.union(*used)) == 60
    again = load(tmp_path, "test", STACKED).other_split("train")
    assert again.fingerprint == load(tmp_path, "train", STACKED).fingerprint
    assert len(load(tmp_path, "test", DataOptions(stack=3))) == 20


def test_the_seed_says_which_are_stacked() -> None:
    one, again, other = (stack_pictures(levels(), 3, 50, seed) for seed in (1, 1, 2))
    assert one.fingerprint == again.fingerprint != other.fingerprint


def test_more_pictures_change_none_of_the_first() -> None:
    few, many = (stack_pictures(levels(), 3, count, seed=0) for count in (20, 70))
    assert torch.equal(few.images[:], many.images[:20])


def test_what_cannot_be_stacked_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="needs a label for every picture; levels has none"):
        stack_pictures(levels(labels=None, class_names=None), 3, 5, 0)
    with pytest.raises(DataError, match="levels has 3 channels: set channels=1"):
        stack_pictures(levels(images=torch.zeros(40, 3, 2, 2, dtype=torch.uint8)), 3, 5, 0)
    with pytest.raises(DataError, match="levels has pairs"):
        stack_pictures(levels(given=levels().images), 3, 5, 0)
    with pytest.raises(DataError, match="200 classes in 3 channels would make 8,000,000"):
        stack_pictures(levels(class_names=tuple(map(str, range(200)))), 3, 5, 0)
    with pytest.raises(OptionError, match="set stack=3"):
        DataOptions(stack_pictures=5)
    with pytest.raises(OptionError, match="one of 1, 3"):
        DataOptions(stack=2)


def test_stacks_larger_than_the_memory_allows_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "toys.npz", x_train=levels().images[:, 0], y_train=np.arange(40) % 10)
    options = DataOptions(stack=3, stack_pictures=500_000, in_memory_limit_mb=8)
    with pytest.raises(DataError, match=r"500,000 of them need 9 MB, in_memory_limit_mb is 8;"):
        load(tmp_path / "toys.npz", "train", options)


def test_pictures_from_no_source_have_no_other_split() -> None:
    with pytest.raises(DataError, match="levels was not loaded from a source; its split 'train'"):
        levels().other_split("train")
