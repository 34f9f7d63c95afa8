"""Layouts, types and ranges of arrays of pictures."""

import numpy as np
import pytest

from mmgen.data.arrays import to_pictures
from mmgen.errors import DataError

RNG = np.random.default_rng(0)


def pixels(*shape: int) -> np.ndarray:
    return RNG.integers(0, 256, shape, dtype=np.uint8)


def convert(array: np.ndarray, image_shape: tuple[int, ...] | None = None) -> np.ndarray:
    return to_pictures(array, image_shape=image_shape, where="'x'").numpy()


def test_grey_pictures_get_their_channel() -> None:
    array = pixels(3, 5, 4)
    assert np.array_equal(convert(array), array[:, None])


def test_channels_may_come_last_or_first() -> None:
    array = pixels(3, 6, 5, 3)
    first = array.transpose(0, 3, 1, 2)
    assert np.array_equal(convert(array), first)
    assert np.array_equal(convert(first), first)


def test_an_ambiguous_layout_asks_for_the_shape_and_takes_it() -> None:
    array = pixels(2, 3, 5, 4)
    with pytest.raises(DataError, match=r"set image_shape=4,3,5 or 3,5,4"):
        convert(array)
    assert np.array_equal(convert(array, (3, 5, 4)), array)
    assert convert(array, (4, 3, 5)).shape == (2, 4, 3, 5)


def test_flat_rows_take_the_shape_that_is_given() -> None:
    array = pixels(2, 3 * 4 * 5)
    assert np.array_equal(convert(array, (3, 4, 5)), array.reshape(2, 3, 4, 5))


@pytest.mark.parametrize(
    ("length", "advice"),
    [(784, "1,28,28"), (3072, "3,32,32"), (98, r"1,28,28 \(packed bits\)"), (7, "channels,height")],
)
def test_flat_rows_without_a_shape_say_what_to_set(length: int, advice: str) -> None:
    with pytest.raises(DataError, match=f"rows of {length} values; set it, .*{advice}"):
        convert(pixels(2, length))


def test_packed_bits_are_unpacked_most_significant_first_to_0_and_255() -> None:
    bits = RNG.integers(0, 2, (4, 1, 5, 5), dtype=np.uint8)
    packed = np.packbits(bits.reshape(4, 25), axis=1)
    assert packed.shape == (4, 4)
    assert np.array_equal(convert(packed, (1, 5, 5)), bits * 255)


def test_rows_that_fit_no_shape_name_both_lengths() -> None:
    with pytest.raises(DataError, match=r"784 values or 98 bytes.*rows of 100"):
        convert(pixels(2, 100), (1, 28, 28))


def test_bits_and_booleans_become_0_and_255() -> None:
    bits = np.array([[[0, 1], [1, 0]]], np.int64)
    assert convert(bits).ravel().tolist() == [0, 255, 255, 0]
    assert convert(bits.astype(bool)).ravel().tolist() == [0, 255, 255, 0]


def test_floats_in_0_1_are_rounded_to_the_nearest_level() -> None:
    levels = pixels(2, 3, 3)
    for dtype in (np.float32, np.float64):
        assert np.array_equal(convert(levels.astype(dtype) / 255), levels[:, None])


@pytest.mark.parametrize(
    "array",
    [
        np.full((1, 2, 2), 1.5),
        np.full((1, 2, 2), -1.0),
        np.full((1, 2, 2), np.nan),
        np.full((1, 2, 2), 300),
        np.full((1, 2, 2), -1),
        np.full((1, 2, 2), 1j),
    ],
)
def test_other_values_are_refused_with_their_range(array: np.ndarray) -> None:
    with pytest.raises(DataError, match=r"floating-point numbers in \[0, 1\]; 'x' is"):
        convert(array)


@pytest.mark.parametrize("shape", [(2, 3, 4, 5, 3), (4,), (2, 5, 6, 7)])
def test_shapes_that_are_no_pictures_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match="pictures are"):
        convert(pixels(*shape))


def test_an_empty_array_is_refused() -> None:
    with pytest.raises(DataError, match="is empty"):
        convert(np.zeros((0, 4, 4), np.uint8))
