"""Between what people have, the tensor contract and 8-bit pixels."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mmgen.errors import InputError
from mmgen.media.pictures import grid_layout, tile, to_bytes, to_contract

PIXELS = np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8)
EXPECTED = torch.from_numpy(PIXELS).permute(2, 0, 1)[None] / 255
GREY = PIXELS[..., 0]


def forms(tmp_path: Path) -> dict[str, Any]:
    path = tmp_path / "x.png"
    Image.fromarray(PIXELS).save(path)
    floats = PIXELS / 255
    read_only = PIXELS.copy()
    read_only.flags.writeable = False
    return {
        "path": path,
        "text": str(path),
        "bytes": path.read_bytes(),
        "pil": Image.fromarray(PIXELS),
        "uint8": PIXELS,
        "float64": floats,
        "float32": floats.astype(np.float32),
        "big-endian": floats.astype(">f8"),
        "read-only": read_only,
        "strided": np.repeat(PIXELS, 2, axis=1)[:, ::2],
        "reversed": PIXELS[::-1].copy()[::-1],
        "batch": PIXELS[None],
        "tensor": torch.from_numpy(PIXELS).permute(2, 0, 1),
        "tensor batch": EXPECTED,
        "tensor float64": EXPECTED.double(),
        "list": [PIXELS],
        "tuple": (path,),
    }


FORMS = (
    *("path", "text", "bytes", "pil", "list", "tuple", "uint8", "float64", "float32", "batch"),
    *("big-endian", "read-only", "strided", "reversed"),
    *("tensor", "tensor batch", "tensor float64"),
)


@pytest.mark.parametrize("form", FORMS)
def test_every_usual_form_becomes_the_contract(tmp_path: Path, form: str) -> None:
    found = to_contract(forms(tmp_path)[form], 3)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, EXPECTED)


@pytest.mark.parametrize(
    "value",
    [
        GREY,
        GREY[..., None],
        Image.fromarray(GREY),
        torch.from_numpy(GREY),
        torch.from_numpy(GREY)[None],
    ],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_grey_pictures_serve_grey_and_colour_models(value: Any, channels: int) -> None:
    found = to_contract(value, channels)
    assert found.shape == (1, channels, 4, 6)
    torch.testing.assert_close(found[0, -1], torch.from_numpy(GREY) / 255)


def test_several_pictures_may_be_given_in_different_forms(tmp_path: Path) -> None:
    made = forms(tmp_path)
    found = to_contract([made["path"], made["pil"], made["uint8"], made["tensor"]], 3)
    torch.testing.assert_close(found, EXPECTED.expand(4, -1, -1, -1))


def test_yes_and_no_are_1_and_0() -> None:
    assert to_contract(np.array([[True, False]]), 1).tolist() == [[[[1, 0]]]]


def test_what_was_given_is_not_changed_later() -> None:
    pixels = np.zeros((2, 2), dtype=np.float32)
    found = to_contract(pixels, 1)
    pixels[:] = 1
    assert not found.any()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (5, "a path, bytes, PIL picture, array or tensor; got int"),
        (None, "got NoneType"),
        ([], "must not be empty"),
        (np.zeros(3), "2 to 4 axes"),
        (torch.zeros(1, 1, 1, 2, 2), "2 to 4 axes"),
        (np.zeros((1, 1, 1, 2, 2)), "2 to 4 axes"),
        (np.zeros((0, 4, 4, 3)), "at least one pixel"),
        (torch.zeros(3, 0, 4), "at least one pixel"),
        (np.array([["a", "b"]]), "array of <U1"),
        (np.zeros((2, 2), dtype=object), "array of object"),
        (np.zeros((2, 2), dtype=complex), "array of complex"),
        (np.zeros((2, 2), dtype=np.uint16), "uint8, or floats"),
        (np.zeros((2, 2), dtype=np.int64), "uint8, or floats"),
        (np.full((2, 2), 255.0), "divide 8-bit values by 255"),
        (np.full((2, 2), -0.1), "float pixels lie in"),
        (np.full((2, 2), np.nan), "float pixels lie in"),
        (np.zeros((2, 2, 2)), "takes 3 channels; got 2"),
        (np.zeros((2, 2, 4)), "takes 3 channels; got 4"),
        ([np.zeros((2, 2)), np.zeros((2, 3))], "must have one size; got 2×2, 3×2"),
    ],
)
def test_what_is_no_picture_is_refused(value: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        to_contract(value, 3)


@given(st.integers(0, 255))
def test_every_byte_survives_the_way_through_floats(value: int) -> None:
    images = torch.full((1, 1, 1, 1), value / 255)
    assert to_bytes(images).item() == value


def test_values_are_rounded_to_the_nearest_byte_and_clipped() -> None:
    images = torch.tensor([0.49, 0.51, -3.0, 300.0]).view(1, 1, 1, 4) / 255
    assert to_bytes(images).flatten().tolist() == [0, 1, 0, 255]


def test_making_bytes_leaves_the_images_alone() -> None:
    images = torch.rand(2, 3, 4, 4)
    before = images.clone()
    to_bytes(images)
    assert torch.equal(images, before)


@pytest.mark.parametrize(
    ("count", "columns", "layout"),
    [
        (1, None, (1, 1)),
        (5, None, (3, 2)),
        (16, None, (4, 4)),
        (40, None, (8, 5)),  # 7 columns would be nearer to a square, and leave two gaps
        (22, None, (5, 5)),  # 11 × 2 would be full, and a strip
        (5, 2, (2, 3)),
        (3, 9, (3, 1)),
    ],
)
def test_a_grids_layout(count: int, columns: int | None, layout: tuple[int, int]) -> None:
    assert grid_layout(count, columns) == layout


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_grid_holds_every_picture_on_black(channels: int) -> None:
    shape = (5, 2, 3) if channels == 1 else (5, 2, 3, channels)
    pictures = np.random.default_rng(1).integers(1, 255, shape, dtype=np.uint8)
    sheet = tile(pictures, 3, 1)
    assert sheet.shape[:2] == (2 * 2 + 1, 3 * 3 + 2)
    np.testing.assert_array_equal(sheet[3:5, 4:7], pictures[4])
    empty = sheet[3:5, 8:11]
    assert not empty[..., :3].any()
    if channels == 4:
        assert (empty[..., 3] == 255).all()
