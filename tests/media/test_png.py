import io

import numpy as np
import pytest
from PIL import Image

from mmgen.media.png import encode_png

SHAPES = [(5, 7), (1, 1), (28, 28, 1), (16, 9, 2), (33, 20, 3), (8, 8, 4), (300, 400, 3)]


def random_pixels(shape):
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_pixel_and_the_text_come_back(shape):
    pixels = random_pixels(shape)
    text = '{"prompt":"Ünïcödé 雪 🙂"}'
    with Image.open(io.BytesIO(encode_png(pixels, "mmgen", text))) as picture:
        picture.load()
        assert picture.mode == {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[(*shape, 1)[2]]
        assert np.array_equal(np.asarray(picture).reshape(shape), pixels)
        assert picture.info["mmgen"] == text


def test_damage_is_noticed():
    content = bytearray(encode_png(random_pixels((4, 4)), "mmgen", "text"))
    with Image.open(io.BytesIO(content)) as picture:
        picture.verify()  # checks every chunk's sum
    content[content.index(b"IDAT") + 8] ^= 1
    with Image.open(io.BytesIO(content)) as picture, pytest.raises((OSError, SyntaxError)):
        picture.verify()


def test_large_pictures_are_compressed_and_tiny_ones_are_not_worth_it():
    for side, smaller in ((28, False), (56, True)):
        flat = np.full((side, side), 7, np.uint8)
        assert (len(encode_png(flat, "mmgen", "")) < flat.nbytes) == smaller


def test_pixels_need_not_lie_in_a_row():
    pixels = random_pixels((40, 60, 3))[::2, ::-3]
    with Image.open(io.BytesIO(encode_png(pixels, "mmgen", ""))) as picture:
        assert np.array_equal(np.asarray(picture), pixels)


def test_smooth_pictures_become_small():
    ramp = np.add.outer(np.arange(256), np.arange(256)).astype(np.uint8)
    assert len(encode_png(ramp, "mmgen", "")) < ramp.size / 20
