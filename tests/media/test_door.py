"""The door: labels, texts, pictures and masks, brought to the contract or refused in words."""

from typing import Any

import numpy as np
import pytest
import torch

from mmgen.errors import InputError
from mmgen.media.door import read_images, read_labels, read_masks, read_texts
from mmgen.slots import Size, Slot

SIZE = Size(channels=1, height=8, width=12)
ANY = Size(channels=1, height=8, width=8, multiple_of=4)
LABEL = Slot(name="digit", modality="label", classes=("zero", "one", "2", "1"))
TEXT = Slot(name="prompt", modality="text")
IMAGE = Slot(name="photo", modality="image")
MASK = Slot(name="hole", modality="mask")


@pytest.mark.parametrize(
    ("value", "numbers"),
    [
        ("one", [1]),
        ("ONE", [1]),
        (0, [0]),
        ("0", [0]),
        ("2", [2]),  # a name comes before a number
        ("1", [3]),
        (1, [1]),
        ([0, "one", np.int64(2)], [0, 1, 2]),
        (range(3), [0, 1, 2]),
        (np.array([3, 1]), [3, 1]),
        (torch.tensor(2), [2]),
    ],
)
def test_classes_are_read_by_name_and_number(value: Any, numbers: list[int]) -> None:
    found = read_labels(value, LABEL, SIZE)
    assert found.dtype == torch.int64
    assert found.tolist() == numbers


@pytest.mark.parametrize(
    "value", ["three", 4, -1, 1.0, float("inf"), True, None, [[1]], [], np.zeros((2, 2))]
)
def test_what_is_no_class_is_refused(value: Any) -> None:
    with pytest.raises(InputError, match="digit"):
        read_labels(value, LABEL, SIZE)


def test_an_unknown_class_names_the_nearest_and_the_first_twelve() -> None:
    many = Slot(name="thing", modality="label", classes=tuple(f"thing-{n}" for n in range(40)))
    with pytest.raises(InputError) as caught:
        read_labels("thng-7", many, SIZE)
    message = str(caught.value)
    assert "did you mean 'thing-7'" in message
    assert "The 40 classes: thing-0, " in message
    assert message.endswith("thing-11, …")


def test_texts_are_read_one_or_many() -> None:
    assert read_texts("a dog", TEXT, SIZE) == ["a dog"]
    assert read_texts(("a", "b"), TEXT, SIZE) == ["a", "b"]


@pytest.mark.parametrize("value", ["", "  ", 5, None, ["a", ""], [], [b"a"], "a\udcff"])
def test_what_is_no_text_is_refused(value: Any) -> None:
    with pytest.raises(InputError, match="prompt"):
        read_texts(value, TEXT, SIZE)


def test_a_picture_of_the_models_size_is_taken_as_it_is() -> None:
    picture = torch.rand(2, 1, 8, 12)
    torch.testing.assert_close(read_images(picture, IMAGE, SIZE), picture)


@pytest.mark.parametrize("sides", [(4, 6), (16, 24), (80, 120)])
def test_a_picture_of_another_size_is_resized(sides: tuple[int, int]) -> None:
    ramp = torch.linspace(0, 1, sides[1]).expand(1, 1, *sides)
    found = read_images(ramp, IMAGE, SIZE)
    assert found.shape == (1, 1, 8, 12)
    assert 0 <= found.min() <= found.max() <= 1
    expected = torch.linspace(1 / 24, 1 - 1 / 24, 12).expand(1, 1, 8, 12)
    assert (found - expected).abs().max() < 0.1


def test_a_picture_that_shrinks_is_averaged() -> None:
    checks = torch.tensor([[0.0, 1.0], [1.0, 0.0]]).repeat(8, 12)[None, None]
    assert torch.equal(read_images(checks, IMAGE, SIZE), torch.full((1, 1, 8, 12), 0.5))


@pytest.mark.parametrize("sides", [(8, 8), (12, 8), (16, 25)])
def test_a_picture_of_another_shape_is_refused_with_the_rule(sides: tuple[int, int]) -> None:
    with pytest.raises(InputError, match=r"'photo' must have the shape .*12×8; got .*crop it"):
        read_images(torch.zeros(1, 1, *sides), IMAGE, SIZE)


@pytest.mark.parametrize("sides", [(4, 8), (100, 64)])
def test_a_model_of_any_size_takes_multiples(sides: tuple[int, int]) -> None:
    assert read_images(torch.zeros(1, 1, *sides), IMAGE, ANY).shape[-2:] == sides


def test_a_model_of_any_size_refuses_other_sides_with_the_rule() -> None:
    with pytest.raises(InputError, match="multiples of 4 px; got 10×8"):
        read_images(torch.zeros(1, 1, 8, 10), IMAGE, ANY)


def test_a_mask_is_1_where_it_is_white() -> None:
    mask = np.full((8, 12), 30, dtype=np.uint8)
    mask[:, 6:] = 200
    found = read_masks(mask, MASK, SIZE)
    assert found.shape == (1, 1, 8, 12)
    assert found.unique().tolist() == [0, 1]
    assert found[..., 6:].all()
    assert not found[..., :6].any()


@pytest.mark.parametrize("form", [torch.eye(8, 12), torch.eye(8, 12) > 0, (np.eye(8, 12) > 0)])
def test_a_mask_may_be_numbers_or_yes_and_no(form: Any) -> None:
    assert torch.equal(read_masks(form, MASK, SIZE)[0, 0], torch.eye(8, 12))


def test_a_resized_mask_stays_black_and_white() -> None:
    found = read_masks(torch.rand(1, 1, 16, 24), MASK, SIZE)
    assert found.shape == (1, 1, 8, 12)
    assert set(found.unique().tolist()) <= {0.0, 1.0}
