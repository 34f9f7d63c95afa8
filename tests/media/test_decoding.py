"""Picture files in: every kind becomes 8 bits of 1, 3 or 4 channels, or is refused in words."""

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mmgen.errors import InputError
from mmgen.media.decoding import decode_picture


def encoded(picture: Image.Image, kind: str = "PNG", **settings: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **settings)
    return buffer.getvalue()


def colours(mode: str) -> Image.Image:
    base = Image.linear_gradient("L").resize((5, 4))
    return Image.merge("RGB", (base, base.rotate(180), base)).convert(mode)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "I", "CMYK", "YCbCr"])
@pytest.mark.parametrize(("channels", "into"), [(1, "L"), (3, "RGB"), (4, "RGBA")])
def test_every_mode_becomes_the_one_asked(mode: str, channels: int, into: str) -> None:
    kind = "TIFF" if mode in ("I", "CMYK", "YCbCr") else "PNG"
    picture = colours("I").convert("I;16") if mode == "I;16" else colours(mode)
    found = decode_picture(encoded(picture, kind), channels)
    assert (found.mode, found.size) == (into, (5, 4))


def test_a_path_may_be_text_or_a_path(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(encoded(colours("RGB")))
    assert decode_picture(path, 3).tobytes() == decode_picture(str(path), 3).tobytes()


def test_a_picture_is_turned_as_its_exif_says() -> None:
    picture = Image.fromarray(np.array([[0, 255]], dtype=np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90° clockwise
    found = decode_picture(encoded(picture, exif=exif), 1)
    assert np.asarray(found).tolist() == [[0], [255]]


@pytest.mark.parametrize(("alpha", "expected"), [(0, 255), (255, 10), (127, 133)])
def test_transparency_is_laid_over_white(alpha: int, expected: int) -> None:
    picture = Image.new("RGBA", (1, 1), (10, 10, 10, alpha))
    assert decode_picture(encoded(picture), 1).getpixel((0, 0)) == expected
    assert decode_picture(encoded(picture), 4).getpixel((0, 0)) == (10, 10, 10, alpha)


def test_transparency_of_a_palette_is_laid_over_white() -> None:
    picture = Image.new("P", (1, 1), 0)
    picture.putpalette([10, 20, 30])
    data = encoded(picture, transparency=0)
    assert decode_picture(data, 3).getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0, 65535], [0, 255]), ([257, 128 * 257], [1, 128]), ([0, 300], [0, 1])],
)
def test_16_bits_become_8_however_dark_the_picture(values: list[int], expected: list[int]) -> None:
    picture = Image.fromarray(np.array([values], dtype=np.uint16))
    assert np.asarray(decode_picture(encoded(picture), 1)).tolist() == [expected]


def test_floating_point_pixels_lie_between_0_and_1() -> None:
    picture = Image.fromarray(np.array([[0.0, 0.5, 1.0, 7.0]], dtype=np.float32))
    found = decode_picture(encoded(picture, "TIFF"), 1)
    assert np.asarray(found).tolist() == [[0, 128, 255, 255]]


def test_of_a_moving_picture_the_first_frame_is_taken() -> None:
    frames = [Image.new("L", (2, 2), value) for value in (50, 200)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert decode_picture(data, 1).getpixel((0, 0)) == 50


PNG = encoded(colours("RGB"))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not a picture that can be read"),
        (b"hello", "not a picture that can be read"),
        (b"<html><body>404</body></html>", "not a picture"),
        (PNG[:-30], "cannot be read"),
        (PNG[:20], "cannot be read|not a picture"),
        (PNG[:60] + b"\0" * 10 + PNG[70:], "cannot be read"),
        (PNG[:8] + struct.pack(">I", 2**31) + PNG[12:], "cannot be read|not a picture"),
    ],
)
def test_what_is_no_picture_is_refused(tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        decode_picture(data, 3)
    path = tmp_path / "broken.png"
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"broken\.png"):
        decode_picture(path, 3)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no\.png' does not exist"):
        decode_picture(tmp_path / "no.png", 3)
    with pytest.raises(InputError, match="cannot be read"):
        decode_picture(tmp_path, 3)


def test_a_picture_made_to_fill_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 5)
    with pytest.raises(InputError, match="cannot be read"):
        decode_picture(PNG, 3)
