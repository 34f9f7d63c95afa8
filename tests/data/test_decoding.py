"""Pictures of every kind come out upright, with 8 bits and the channels asked for."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from mmgen.data.decoding import BrokenPictureError, Header, decode, read_header


def encode(image: Image.Image, format: str = "PNG", **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize(("bands", "channels"), [((), 1), ((3,), 3), ((4,), 4)])
def test_lossless_pictures_keep_their_pixels_and_channels(
    bands: tuple[int, ...], channels: int
) -> None:
    pixels = noise(6, 8, *bands)
    data = encode(Image.fromarray(pixels))
    assert read_header(data) == Header(height=6, width=8, channels=channels)
    assert np.array_equal(np.asarray(decode(data)), pixels)


def test_16_bit_grey_is_scaled_to_8_bit() -> None:
    levels = np.array([[0, 257 * 3, 65535, 128, 129]], np.uint16)
    data = encode(Image.fromarray(levels))
    assert read_header(data).channels == 1
    assert np.asarray(decode(data)).tolist() == [[0, 3, 255, 0, 1]]


def test_a_dark_16_bit_picture_stays_dark() -> None:
    assert np.asarray(decode(encode(Image.fromarray(np.full((2, 2), 200, np.uint16))))).max() == 1


def test_a_palette_becomes_rgb() -> None:
    red = Image.new("RGB", (4, 4), (255, 0, 0)).quantize(4)
    data = encode(red)
    assert read_header(data).channels == 3
    assert np.asarray(decode(data))[0, 0].tolist() == [255, 0, 0]


def test_transparent_parts_go_over_white_where_alpha_is_dropped() -> None:
    clear = Image.new("RGBA", (2, 2), (200, 0, 0, 0))
    assert np.asarray(decode(encode(clear), channels=3))[0, 0].tolist() == [255, 255, 255]
    assert np.asarray(decode(encode(clear), channels=1))[0, 0] == 255
    assert np.asarray(decode(encode(clear)))[0, 0, 3] == 0


def test_a_transparent_palette_has_four_channels() -> None:
    picture = Image.new("P", (2, 2), 0)
    picture.putpalette([10, 20, 30])
    data = encode(picture, transparency=0)
    assert read_header(data).channels == 4
    assert np.asarray(decode(data, channels=3))[0, 0].tolist() == [255, 255, 255]


def test_cmyk_becomes_rgb() -> None:
    data = encode(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG")
    assert read_header(data).channels == 3
    red, green, blue = np.asarray(decode(data))[0, 0].tolist()
    assert red > 240
    assert green < 15
    assert blue < 15


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_orientation_is_applied_and_the_header_agrees(format: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90°
    pixels = np.zeros((4, 8, 3), np.uint8)
    pixels[:, 4:] = 255  # white on the right: at the bottom once turned
    data = encode(Image.fromarray(pixels), format, exif=exif)
    header, picture = read_header(data), np.asarray(decode(data))
    assert (header.height, header.width) == picture.shape[:2] == (8, 4)
    assert picture[0].mean() < 10
    assert picture[-1].mean() > 245


def test_a_large_jpeg_may_be_decoded_smaller_but_not_too_small() -> None:
    data = encode(Image.fromarray(noise(256, 512, 3)), "JPEG")
    assert decode(data, at_least_px=60).size == (128, 64)
    assert decode(data).size == (512, 256)


def test_a_truncated_picture_is_broken_though_its_header_is_sound() -> None:
    data = encode(Image.fromarray(noise(64, 64, 3)))[:2000]
    assert read_header(data).height == 64
    with pytest.raises(BrokenPictureError, match="truncated"):
        decode(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "the file is empty"), (b"<html>", "no picture format that Pillow knows")],
)
def test_other_bytes_are_broken_and_say_why(data: bytes, reason: str) -> None:
    for read in (read_header, decode):
        with pytest.raises(BrokenPictureError, match=reason):
            read(data)
