"""Batches, parts and labels of pictures in memory."""

from typing import Any

import pytest
import torch

from mmgen.data.pictures import PictureData
from mmgen.errors import DataError


def make(count: int = 10, **changes: Any) -> PictureData:
    generator = torch.Generator().manual_seed(0)
    values: dict[str, Any] = {
        "images": torch.randint(0, 256, (count, 3, 4, 5), dtype=torch.uint8, generator=generator),
        "labels": torch.arange(count) % 3,
        "class_names": ("a", "b", "c"),
        "texts": [f"picture {row}" for row in range(count)],
        "name": "toys",
    }
    return PictureData(**(values | changes))


def test_a_batch_is_the_rows_that_were_asked_for() -> None:
    data = make()
    rows = torch.tensor([7, 0, 7])
    batch = data.batch(rows)
    assert set(batch) == {"target", "label", "text"}
    assert batch["target"].dtype == torch.float32
    assert torch.equal(batch["target"], data.images[rows].float() / 255)
    assert batch["label"].tolist() == [1, 0, 1]
    assert batch["text"] == ["picture 7", "picture 0", "picture 7"]


def test_levels_survive_the_way_to_floats_and_back() -> None:
    levels = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16)
    target = PictureData(images=levels).batch(torch.tensor([0]))["target"]
    assert target.max() == 1
    assert torch.equal((target * 255).round().to(torch.uint8), levels)


def test_columns_can_be_chosen_and_must_exist() -> None:
    data = make(texts=None)
    assert set(data.batch(torch.tensor([1]), columns=())) == {"target"}
    assert data.columns == ("label",)
    with pytest.raises(DataError, match=r"toys has no 'text'.*it has: target, label"):
        data.batch(torch.tensor([1]), columns=("text",))


def test_splitting_off_parts_all_rows_and_keeps_them_together() -> None:
    data = make(50)
    train, held_out = data.split_off(0.2, seed=1)
    assert (len(train), len(held_out), held_out.split) == (40, 10, "valid")
    assert sorted([*train.texts, *held_out.texts]) == sorted(data.texts)
    for part in (train, held_out):
        rows = [int(text.split()[1]) for text in part.texts]
        assert torch.equal(part.images, data.images[rows])
        assert torch.equal(part.labels, data.labels[rows])


def test_parts_are_joined_in_order_with_all_that_belongs_to_them() -> None:
    data = make(50)
    first, second = data.select(torch.arange(20)), data.select(torch.arange(20, 50))
    both = first.joined_with(second)
    assert both.fingerprint == data.fingerprint
    assert both.columns == data.columns


def test_parts_that_are_not_alike_are_not_joined() -> None:
    data = make()
    with pytest.raises(DataError, match="their columns"):
        data.joined_with(make(texts=None, split="valid"))
    with pytest.raises(DataError, match="their classes"):
        data.joined_with(make(class_names=("a", "c", "b")))
    with pytest.raises(DataError, match=r"their shapes: \(3, 4, 5\) and \(3, 4, 4\)"):
        data.joined_with(make(images=torch.zeros(10, 3, 4, 4, dtype=torch.uint8)))


def test_the_same_seed_splits_off_the_same_rows() -> None:
    data = make(50)
    assert data.split_off(5, seed=1)[1].texts == data.split_off(5, seed=1)[1].texts
    assert data.split_off(5, seed=1)[1].texts != data.split_off(5, seed=2)[1].texts


def test_the_fingerprint_is_of_the_content() -> None:
    data = make()
    assert len(data.fingerprint) == 64
    assert make(name="other", split="test").fingerprint == data.fingerprint
    changed = data.images.clone()
    changed[3, 0, 0, 0] ^= 1
    for other in (
        make(images=changed),
        make(labels=(torch.arange(10) + 1) % 3),
        make(texts=["x"] * 10),
        make(class_names=("a", "b", "d")),
        data.select(torch.arange(9)),
        data.select(torch.arange(10).flip(0)),
    ):
        assert other.fingerprint != data.fingerprint


def test_labels_are_matched_by_name() -> None:
    data = make(3).with_labels(("c", "x", "a", "b"))
    assert data.labels.tolist() == [2, 3, 0]
    assert data.class_names == ("c", "x", "a", "b")


def test_mere_numbers_are_matched_by_order() -> None:
    data = make(3, class_names=("0", "1", "2")).with_labels(("shirt", "bag", "boot"))
    assert data.labels.tolist() == [0, 1, 2]
    assert data.class_names == ("shirt", "bag", "boot")


def test_a_class_without_counterpart_is_refused() -> None:
    with pytest.raises(DataError, match=r"toys has the class 'c'; expected classes: a, b"):
        make().with_labels(("a", "b"))
    with pytest.raises(DataError, match="toys has no labels"):
        make(labels=None, class_names=None).with_labels(("a", "b"))


def test_columns_must_be_as_long_as_the_pictures() -> None:
    with pytest.raises(DataError, match="10 pictures and 9 labels"):
        make(labels=torch.zeros(9, dtype=torch.int64))
